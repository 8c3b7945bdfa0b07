import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { SourceError } from "../errors/source-error.ts";

/** How often and when a failed fetch is retried. Times are in milliseconds. */
export interface RetrySettings {
  /** Attempts after the first. */
  readonly retries: number;
  /** The back-off before the first retry. It doubles with each retry. */
  readonly baseMs: number;
}

/** The longest back-off: five minutes. */
const MAX_BACKOFF_MS = 300_000;

/** A longer timer would fire at once (https://nodejs.org/api/timers.html). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long to wait after the failed attempt number `attempt` (1 is the first), in milliseconds. The server's
 * `Retry-After` wins. Otherwise the back-off doubles, less up to half at random, so that clients do not retry together.
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
 * Runs `attempt` until it succeeds, fails permanently or has used up the retries. Only a SourceError with `retryable`
 * is retried. The last error is thrown.
 */
export function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  settings: RetrySettings,
  signal: AbortSignal,
  onRetry: (failed: FailedAttempt) => void,
): Promise<T> {
  return pRetry(attempt, {
    retries: settings.retries,
    // `onFailedAttempt` waits instead, because it can follow Retry-After.
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
