import { readFileSync } from "node:fs";
import type { TraceSpan } from "../tracing/tracing.ts";

/** The measured steps of a load. */
export const STEPS = ["fetch", "stage", "classify", "apply"] as const;

export type Step = (typeof STEPS)[number];

/** The resources that a load used. Times are in seconds. */
export interface RunMetrics {
  readonly seconds: Readonly<Record<Step, number>>;
  readonly transactionSeconds: number;
  readonly savepoints: number;
  /** Retries of fetches and writes. */
  readonly retries: number;
  /** Bytes of write-ahead log that the whole server wrote meanwhile; null when unknown. */
  readonly walBytes: number | null;
  /** The peak memory of this process so far, in bytes. */
  readonly peakMemoryBytes: number;
}

/** Measures one load, and traces its steps if tracing is on. */
export class RunMeter {
  /** The load's span; undefined when tracing is off. */
  readonly #span: TraceSpan | undefined;
  #commit: TraceSpan | undefined;
  readonly #seconds: Record<Step, number> = { fetch: 0, stage: 0, classify: 0, apply: 0 };
  #begunAt: number | undefined;
  #endedAt: number | undefined;
  retries = 0;
  savepoints = 0;
  walBytes: number | null = null;

  constructor(span: TraceSpan | undefined) {
    this.#span = span;
  }

  /** Call this when the transaction has begun. */
  begin(): void {
    this.#begunAt = performance.now();
  }

  /** Call this when only the COMMIT remains. */
  beginCommit(): void {
    this.#commit = this.#span?.begin("commit");
  }

  /** Call this when the transaction has ended. @param error the error, if it failed */
  end(error?: unknown): void {
    this.#endedAt ??= performance.now();
    this.#commit?.end(error);
    this.#commit = undefined;
  }

  /** Whether a transaction was begun. */
  get begun(): boolean {
    return this.#begunAt !== undefined;
  }

  /** Runs a step and adds its time, even if the step fails. */
  async time<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await this.trace(step, work);
    } finally {
      this.#seconds[step] += (performance.now() - startedAt) / 1000;
    }
  }

  /** Runs a part of the load that has a span, but no column in the run's record. */
  async trace<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#span === undefined) return work();
    const span = this.#span.begin(name, { "otc_etl.retries_before": this.retries });
    try {
      const result = await work();
      span.end();
      return result;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  get metrics(): RunMetrics {
    const until = this.#endedAt ?? performance.now();
    return {
      seconds: { ...this.#seconds },
      transactionSeconds: this.#begunAt === undefined ? 0 : (until - this.#begunAt) / 1000,
      savepoints: this.savepoints,
      retries: this.retries,
      walBytes: this.walBytes,
      peakMemoryBytes: peakMemory(),
    };
  }
}

/** In bytes. On Linux, maxRSS includes the process that started this one, so the kernel's value is read instead. */
function peakMemory(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
