/**
 * A signal that follows another one: at once, unless work is in progress that may continue for a while. Then it follows
 * when the work has ended, or the time is over.
 */
export class GraceSignal {
  readonly #first: AbortSignal;
  readonly #graceMs: number;
  readonly #late = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isWorking = false;

  /** @param graceMs how long work may continue after the abort of `first`, in milliseconds */
  constructor(first: AbortSignal, graceMs: number) {
    this.#first = first;
    this.#graceMs = graceMs;
    first.addEventListener("abort", this.#begin, { once: true });
    if (first.aborted) this.#begin();
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  /** Runs work that may continue after the first signal. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#isWorking = true;
    try {
      return await work();
    } finally {
      this.#isWorking = false;
      if (this.#first.aborted) this.#follow();
    }
  }

  /** Clears the timer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#first.removeEventListener("abort", this.#begin);
  }

  readonly #begin = (): void => {
    if (this.#isWorking) this.#timer = setTimeout(this.#follow, this.#graceMs);
    else this.#follow();
  };

  readonly #follow = (): void => {
    clearTimeout(this.#timer);
    this.#late.abort(this.#first.reason);
  };
}
