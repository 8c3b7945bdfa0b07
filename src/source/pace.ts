import { setTimeout as sleep } from "node:timers/promises";

/** How gently OTC has to be treated; all times in milliseconds. */
export interface PaceLimits {
  /** Between one request and the next. */
  readonly requestIntervalMs: number;
  /** Between a request for one view and the first for another. */
  readonly viewGapMs: number;
  /** In any sixty minutes. */
  readonly requestsPerHour: number;
}

/** A request that was made. */
interface PastRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly viewId: string;
}

const HOUR_MS = 3_600_000;

/** How long to wait before the next request may go out, in milliseconds. `past` is oldest first. */
export function paceDelay(
  past: readonly PastRequest[],
  viewId: string,
  now: number,
  limits: PaceLimits,
): number {
  const last = past.at(-1);
  if (last === undefined) return 0;
  const interval = last.viewId === viewId ? limits.requestIntervalMs : limits.viewGapMs;
  const afterLast = last.at + Math.max(interval, limits.requestIntervalMs) - now;
  const oldestThatCounts = past.at(-limits.requestsPerHour);
  const afterHour = oldestThatCounts === undefined ? 0 : oldestThatCounts.at + HOUR_MS - now;
  return Math.max(0, afterLast, afterHour);
}

/** Holds requests back until the pace rules allow them. */
export class Pacer {
  readonly #limits: PaceLimits;
  #past: PastRequest[] = [];

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /**
   * Waits until a request for the view may go out, and counts it as made.
   *
   * @param onWait told, before a wait, how long it will be in milliseconds
   */
  async takeTurn(viewId: string, signal: AbortSignal, onWait: (ms: number) => void): Promise<void> {
    const delay = paceDelay(this.#past, viewId, Date.now(), this.#limits);
    if (delay > 0) {
      onWait(delay);
      await sleep(delay, undefined, { signal });
    }
    const now = Date.now();
    this.#past = this.#past.filter((request) => request.at > now - HOUR_MS);
    this.#past.push({ at: now, viewId });
  }

  /** The last request's answer is complete: the pause is counted from here, not from when it was asked for. */
  answered(viewId: string): void {
    const last = this.#past.pop();
    if (last !== undefined) this.#past.push({ at: Date.now(), viewId });
  }
}
