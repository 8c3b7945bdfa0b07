/** An interrupted process ends within this time, in milliseconds, whatever hangs. */
export const SHUTDOWN_MS = 5000;

/**
 * How long an aborted transaction has for the cancellation of its statement and for its ROLLBACK, in milliseconds. Then
 * its connection is closed, which makes the server roll back.
 */
export const ROLLBACK_MS = 1000;

/**
 * The steps between an interruption and the end of the process, in their order: when each one is given up, in milliseconds
 * after the interruption. What a step does not need is left for the later ones. The record of the run and its rejected
 * records have most of the time. A step in the database that is given up may need `ROLLBACK_MS` more.
 */
const ENDS_AT_MS = {
  /** Removing the incomplete copy of the document from the archive, while the transaction is rolled back. */
  archive: 500,
  /** Recording which requests were sent to OTC. */
  requests: ROLLBACK_MS + 250,
  /** Recording that the run was interrupted. */
  failure: 3000,
  /** Storing its rejected records. */
  rejects: 3500,
  /** Sending the remaining spans. */
  spans: 4600,
  /** Closing connections regularly. */
  connections: 4800,
  /** Whatever else keeps the process alive, such as a file operation that does not return. */
  process: SHUTDOWN_MS,
} as const;

/** A step of a shutdown. */
export type ShutdownStep = keyof typeof ENDS_AT_MS;

/** The time that is left after an interruption. Each step of the clean-up takes its part of what is left. */
export class Shutdown {
  /** Of what is not interrupted: every step has its usual time. */
  static readonly NONE = new Shutdown(new AbortController().signal);
  static readonly #known = new WeakMap<AbortSignal, Shutdown>();
  readonly #signal: AbortSignal;
  #begunAt: number | undefined;

  /** The shutdown that the abort of this signal begins; always the same one. Ask for it before the signal is aborted. */
  static of(signal: AbortSignal): Shutdown {
    const known = Shutdown.#known.get(signal) ?? new Shutdown(signal);
    Shutdown.#known.set(signal, known);
    return known;
  }

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
    const begin = (): void => {
      this.#begunAt = performance.now();
    };
    if (signal.aborted) begin();
    else signal.addEventListener("abort", begin, { once: true });
  }

  /**
   * @param usualMs how long the step may take when nothing was interrupted
   * @returns how long the step may take from now on, in milliseconds
   */
  leftMs(step: ShutdownStep, usualMs: number): number {
    if (this.#begunAt === undefined) return usualMs;
    const left = this.#begunAt + ENDS_AT_MS[step] - performance.now();
    return Math.max(0, Math.min(usualMs, left));
  }

  /**
   * Runs a step with a signal that is aborted when its time is over. An interruption in the meantime shortens it.
   *
   * @param usualMs how long the step may take when nothing was interrupted
   * @param reason of the abort
   */
  async within<T>(
    step: ShutdownStep,
    usualMs: number,
    reason: string,
    work: (end: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const end = new AbortController();
    const endInTime = (): NodeJS.Timeout =>
      setTimeout(
        () => {
          end.abort(new Error(reason));
        },
        this.leftMs(step, usualMs),
      );
    let timer = endInTime();
    const hurry = (): void => {
      clearTimeout(timer);
      timer = endInTime();
    };
    this.#signal.addEventListener("abort", hurry, { once: true });
    try {
      return await work(end.signal);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener("abort", hurry);
    }
  }

  /**
   * Calls `listener` when the time of the whole shutdown is over. It does not keep the process alive.
   *
   * @returns calls it off
   */
  onOverdue(listener: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const begin = (): void => {
      timer = setTimeout(listener, this.leftMs("process", SHUTDOWN_MS)).unref();
    };
    if (this.#signal.aborted) begin();
    else this.#signal.addEventListener("abort", begin, { once: true });
    return () => {
      clearTimeout(timer);
      this.#signal.removeEventListener("abort", begin);
    };
  }
}
