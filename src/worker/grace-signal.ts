/** A signal that follows another after a delay. */
export interface GraceSignal {
  readonly signal: AbortSignal;
  /** Clears the timer. */
  stop(): void;
}

/** @param delayMs the delay after `first`, in milliseconds; the reason is the same */
export function graceSignal(first: AbortSignal, delayMs: number): GraceSignal {
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
