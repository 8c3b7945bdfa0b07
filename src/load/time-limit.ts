import { OtcError } from "../errors/otc-error.ts";

/** A timer for a longer time fires at once. No load lasts 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs `work` with a signal that is also aborted after `limitMs` milliseconds (0: never). */
export async function withTimeLimit<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (limitMs === 0 || limitMs > LONGEST_TIMER_MS) return work(signal);
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(
      new OtcError("timeout", `The load took longer than ${limitMs / 1000} s and was given up.`, {
        remedy: "If it needs longer, give --timeout, or raise OTC_LOAD_TIMEOUT_MS.",
      }),
    );
  }, limitMs);
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}
