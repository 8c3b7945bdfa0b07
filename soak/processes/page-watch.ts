import { setTimeout as sleep } from "node:timers/promises";

/** What the page has answered since the watch began. */
export interface PageAnswers {
  /** How often `/readyz` said so. */
  readonly ready: number;
  readonly notReady: number;
  /** How often nothing listened, because the page was being restarted. */
  readonly absent: number;
  readonly slowestMs: number;
}

const PAUSE_MS = 1000;

/** An answer has to arrive within so many milliseconds, whatever the database does. */
const LONGEST_ANSWER_MS = 12_000;

/** A page that was killed is there again after so many milliseconds at the latest, on a busy machine too. */
const LONGEST_ABSENCE_MS = 60_000;

/** Asks the status page once a second whether it is ready. It has to say so, or honestly that it is not. */
export class PageWatch {
  readonly problems: string[] = [];
  readonly #url: string;
  readonly #end = new AbortController();
  readonly #watching: Promise<void>;
  #ready = 0;
  #notReady = 0;
  #absent = 0;
  #absentSince: number | undefined;
  #slowestMs = 0;

  constructor(url: string) {
    this.#url = url;
    this.#watching = this.#watch();
  }

  get answers(): PageAnswers {
    return { ready: this.#ready, notReady: this.#notReady, absent: this.#absent, slowestMs: this.#slowestMs };
  }

  /**
   * Reads pages. One that is not available yet, because the machine is busy, says so and is asked again.
   *
   * @returns what does not hold, in words
   */
  async check(paths: readonly string[], waitMs: number): Promise<readonly string[]> {
    const deadline = performance.now() + waitMs;
    const problems: string[] = [];
    for (const path of ["/readyz", ...paths]) {
      let status = await this.#statusOf(path);
      while (status !== 200 && performance.now() < deadline) {
        await sleep(PAUSE_MS);
        status = await this.#statusOf(path);
      }
      if (status !== 200) problems.push(`the page ${path} still answers ${status ?? "nothing"}`);
    }
    return problems;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const status = await this.#statusOf("/readyz");
      this.#note(status, performance.now() - startedAt);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #note(status: number | undefined, ms: number): void {
    if (status === undefined) {
      this.#absent += 1;
      this.#absentSince ??= performance.now();
      if (performance.now() - this.#absentSince > LONGEST_ABSENCE_MS) {
        this.problems.push("the page does not answer");
        this.#absentSince = undefined;
      }
      return;
    }
    this.#absentSince = undefined;
    this.#slowestMs = Math.max(this.#slowestMs, Math.round(ms));
    if (status === 200) this.#ready += 1;
    else if (status === 503) this.#notReady += 1;
    else this.problems.push(`/readyz answers ${status}`);
    if (ms > LONGEST_ANSWER_MS) this.problems.push(`/readyz took ${Math.round(ms)} ms`);
  }

  /** Undefined if nothing listens, or the process ended before it answered. */
  async #statusOf(path: string): Promise<number | undefined> {
    try {
      const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(2 * LONGEST_ANSWER_MS) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  }
}
