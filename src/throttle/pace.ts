/** The limits for requests to OTC. All times are in milliseconds. */
export interface PaceLimits {
  /** The shortest time between the end of one response and the next request. */
  readonly requestIntervalMs: number;
  /** The shortest time between the last response for one view and the first request for another. */
  readonly viewGapMs: number;
  /** The most requests in any sixty minutes. */
  readonly requestsPerHour: number;
}

/** A request that was sent. Times are in milliseconds since the epoch. */
export interface PastRequest {
  readonly viewId: string;
  readonly requestedAt: number;
  /** When its response ended; null while the response is being received. */
  readonly answeredAt: number | null;
}

const HOUR_MS = 3_600_000;

/**
 * How long to wait before the next request may be sent, in milliseconds.
 *
 * @param past the requests of the last hour, oldest first
 */
export function paceDelay(
  past: readonly PastRequest[],
  viewId: string,
  now: number,
  limits: PaceLimits,
): number {
  const last = past.at(-1);
  if (last === undefined) return 0;
  const pause =
    last.viewId === viewId ? limits.requestIntervalMs : Math.max(limits.viewGapMs, limits.requestIntervalMs);
  const afterLast = (last.answeredAt ?? last.requestedAt) + pause - now;
  const oldestThatCounts = past.at(-limits.requestsPerHour);
  const afterHour = oldestThatCounts === undefined ? 0 : oldestThatCounts.requestedAt + HOUR_MS - now;
  return Math.max(0, afterLast, afterHour);
}
