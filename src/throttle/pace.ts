/** How gently OTC has to be treated; all times in milliseconds. */
export interface PaceLimits {
  /** Between the end of one answer and the next request. */
  readonly requestIntervalMs: number;
  /** Between the last answer for one view and the first request for another. */
  readonly viewGapMs: number;
  /** In any sixty minutes. */
  readonly requestsPerHour: number;
}

/** A request that was made; times in milliseconds since the epoch. */
export interface PastRequest {
  readonly viewId: string;
  readonly requestedAt: number;
  /** When its answer ended; null while it is coming. */
  readonly answeredAt: number | null;
}

const HOUR_MS = 3_600_000;

/**
 * How long to wait before the next request may go out, in milliseconds.
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
