import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { SourceError } from "../errors/source-error.ts";

/** When a failed fetch is tried again; times in milliseconds. */
export interface RetrySettings {
  /** Attempts after the first. */
  readonly retries: number;
  /** Before the first retry; doubles with each. */
  readonly baseMs: number;
}

/** The back-off doubles up to five minutes. */
const MAX_BACKOFF_MS = 300_000;

/** A longer timer would fire at once (https://nodejs.org/api/timers.html). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long to wait after the failed attempt number `attempt` (1 is the first), in milliseconds. What the server asked
 * for wins; else the back-off doubles, jittered down by up to half so that a herd does not come back together.
 *
 * @param random from 0 to 1
 */
export function retryDelay(
  attempt: number,
  error: SourceError,
  settings: RetrySettings,
  random: number,
): number {
  if (error.retryAfterMs !== undefined) return Math.min(error.retryAfterMs, MAX_TIMER_MS);
  const backoff = Math.min(settings.baseMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  return Math.round(backoff * (1 - random / 2));
}

/** A failed attempt that will be repeated. */
export interface FailedAttempt {
  readonly attempt: number;
  readonly retriesLeft: number;
  readonly delayMs: number;
  readonly error: SourceError;
}

/**
 * Runs `attempt` until it succeeds, fails for good or the retries are used up. Only a SourceError that says it is
 * retryable is; the last error is thrown.
 */
export function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  settings: RetrySettings,
  signal: AbortSignal,
  onRetry: (failed: FailedAttempt) => void,
): Promise<T> {
  return pRetry(attempt, {
    retries: settings.retries,
    // The waiting is done below, where it can follow Retry-After.
    minTimeout: 0,
    maxTimeout: 0,
    signal,
    shouldRetry: ({ error }) => error instanceof SourceError && error.retryable,
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      if (!(error instanceof SourceError) || !error.retryable || retriesLeft === 0) return;
      const delayMs = retryDelay(attemptNumber, error, settings, Math.random());
      onRetry({ attempt: attemptNumber, retriesLeft, delayMs, error });
      await sleep(delayMs, undefined, { signal });
    },
  });
}
