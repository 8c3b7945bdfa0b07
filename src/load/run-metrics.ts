import { readFileSync } from "node:fs";

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

/** Takes the measure of one load. */
export class RunMeter {
  readonly #seconds: Record<Step, number> = { fetch: 0, stage: 0, classify: 0, apply: 0 };
  #begunAt: number | undefined;
  #endedAt: number | undefined;
  retries = 0;
  savepoints = 0;
  walBytes: number | null = null;

  /** The transaction has begun. */
  begin(): void {
    this.#begunAt = performance.now();
  }

  /** The transaction is over. */
  end(): void {
    this.#endedAt ??= performance.now();
  }

  /** Whether a transaction was begun at all. */
  get begun(): boolean {
    return this.#begunAt !== undefined;
  }

  /** Runs a step and adds its time, also when it fails. */
  async time<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds[step] += (performance.now() - startedAt) / 1000;
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
