/** A signal that comes after another. */
export interface LateSignal {
  readonly signal: AbortSignal;
  /** Whether or not it came: nothing waits for it any more. */
  stop(): void;
}

/** @param delayMs how long after `first`, and for the same reason, in milliseconds */
export function graceSignal(first: AbortSignal, delayMs: number): LateSignal {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => {
      late.abort(first.reason);
    }, delayMs);
  };
  if (first.aborted) begin();
  else first.addEventListener("abort", begin, { once: true });
  return {
    signal: late.signal,
    stop: () => {
      clearTimeout(timer);
      first.removeEventListener("abort", begin);
    },
  };
}
