/** Admits requests to OTC one at a time, no faster than the pace allows. */
export interface RequestGate {
  /**
   * Waits until a request for the view may be sent, and records it as sent.
   *
   * @throws OtcError `rate_limited` when the wait would be too long, with the time of the next possible request
   */
  enter(viewId: string, signal: AbortSignal): Promise<void>;
  /** Call this when the response has ended, successfully or not. The pause before the next request begins then. */
  leave(): Promise<void>;
}

/** Admits every request at once. It is for the single request of a manual check. */
export const openGate: RequestGate = {
  enter: () => Promise.resolve(),
  leave: () => Promise.resolve(),
};
