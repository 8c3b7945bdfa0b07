/** Lets requests to OTC through one at a time, no faster than the pace allows. */
export interface RequestGate {
  /**
   * Waits until a request for the view may go out, and counts it as made.
   *
   * @throws OtcError `rate_limited` when the wait would be too long, with the time to come back
   */
  enter(viewId: string, signal: AbortSignal): Promise<void>;
  /** The answer has ended, well or not: the pause before the next request begins. */
  leave(): Promise<void>;
}

/** Lets everything through: for the one request of a check by hand. */
export const openGate: RequestGate = {
  enter: () => Promise.resolve(),
  leave: () => Promise.resolve(),
};
