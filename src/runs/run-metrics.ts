import { readFileSync } from "node:fs";
import type { TraceSpan } from "../tracing/tracing.ts";

/** The steps of a load whose time is taken. */
export const STEPS = ["fetch", "stage", "classify", "apply"] as const;

export type Step = (typeof STEPS)[number];

/** What a load cost; times in seconds. */
export interface RunMetrics {
  readonly seconds: Readonly<Record<Step, number>>;
  readonly transactionSeconds: number;
  readonly savepoints: number;
  /** Fetches and writes that were tried again. */
  readonly retries: number;
  /** Written by the whole server meanwhile; null when it cannot be told. */
  readonly walBytes: number | null;
  /** The most memory this process has taken so far, in bytes. */
  readonly peakMemoryBytes: number;
}

/** Takes the measure of one load, and traces its steps where somebody asks for that. */
export class RunMeter {
  /** The load's span; undefined when nobody asks for traces. */
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

  /** The transaction has begun. */
  begin(): void {
    this.#begunAt = performance.now();
  }

  /** All is done but the COMMIT. */
  beginCommit(): void {
    this.#commit = this.#span?.begin("commit");
  }

  /** The transaction is over. @param error what it failed with */
  end(error?: unknown): void {
    this.#endedAt ??= performance.now();
    this.#commit?.end(error);
    this.#commit = undefined;
  }

  /** Whether a transaction was begun at all. */
  get begun(): boolean {
    return this.#begunAt !== undefined;
  }

  /** Runs a step and adds its time, also when it fails. */
  async time<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await this.trace(step, work);
    } finally {
      this.#seconds[step] += (performance.now() - startedAt) / 1000;
    }
  }

  /** Runs a piece of the load that has a span and no place in the run's record. */
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

/** In bytes. On Linux maxRSS also remembers the process that started this one, so the kernel's own mark is read. */
function peakMemory(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
