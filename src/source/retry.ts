import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { OtcError } from "../errors/otc-error.ts";
import { SourceError } from "../errors/source-error.ts";

/** How often and when a failed fetch is retried. Times are in milliseconds. */
export interface RetrySettings {
  /** Attempts after the first. */
  readonly retries: number;
  /** The back-off before the first retry. It doubles with each retry. */
  readonly baseMs: number;
  /** The longest wait that OTC may ask for with `Retry-After`. */
  readonly maxWaitMs: number;
}

/** The longest back-off: five minutes. */
const MAX_BACKOFF_MS = 300_000;

/**
 * How long to wait after the failed attempt number `attempt` (1 is the first), in milliseconds. The server's
 * `Retry-After` wins. Otherwise the back-off doubles, less up to half at random, so that clients do not retry together.
 *
 * @param random from 0 to 1
 * @throws OtcError `rate_limited` when the server asks for a longer wait than is allowed: the load's transaction is open
 */
export function retryDelay(
  attempt: number,
  error: SourceError,
  settings: RetrySettings,
  random: number,
): number {
  if (error.retryAfterMs !== undefined) {
    if (error.retryAfterMs > settings.maxWaitMs) throw askedToWait(error, error.retryAfterMs);
    return error.retryAfterMs;
  }
  const backoff = Math.min(settings.baseMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  return Math.round(backoff * (1 - random / 2));
}

/** The latest time that JavaScript has. */
const LATEST_TIME = 8.64e15;

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
 *
 * @param lost ends a wait, when there is no use in another attempt; an attempt that has failed by then keeps its own error
 */
export function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  settings: RetrySettings,
  signal: AbortSignal,
  onRetry: (failed: FailedAttempt) => void,
  lost: AbortSignal = new AbortController().signal,
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
      const waiting = AbortSignal.any([signal, lost]);
      await sleep(delayMs, undefined, { signal: waiting }).catch(() => {
        waiting.throwIfAborted();
      });
    },
  });
}

function askedToWait(error: SourceError, waitMs: number): OtcError {
  const until = new Date(Math.min(Date.now() + waitMs, LATEST_TIME)).toISOString();
  return new OtcError("rate_limited", `${error.message} It asks not to be asked again before ${until}.`, {
    remedy: "Try again then. A load does not wait longer than OTC_MAX_PACE_WAIT_MS.",
    cause: error,
  });
}
