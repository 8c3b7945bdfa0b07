import { setTimeout as sleep } from "node:timers/promises";
import type { Installation } from "./installation.ts";
import type { SoakDatabase } from "./soak-database.ts";

/** What a look at the processes tells. Undefined is what could not be read at that moment. */
export interface Sample {
  /** Since the beginning of the soak. */
  readonly seconds: number;
  readonly workerBytes: number | undefined;
  readonly pageBytes: number | undefined;
  /** Of otc-etl, at the server. */
  readonly sessions: number | undefined;
}

const PAUSE_MS = 5000;

/** Looks at memory and sessions every five seconds. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #installation: Installation;
  readonly #database: SoakDatabase;
  readonly #end = new AbortController();
  readonly #sampling: Promise<void>;
  readonly #startedAt = performance.now();

  constructor(installation: Installation, database: SoakDatabase) {
    this.#installation = installation;
    this.#database = database;
    this.#sampling = this.#sample();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#sampling;
  }

  async #sample(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const [workerBytes, pageBytes, sessions] = await Promise.all([
        this.#installation.worker.memoryBytes(),
        this.#installation.page.memoryBytes(),
        this.#sessions(),
      ]);
      const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
      this.samples.push({ seconds, workerBytes, pageBytes, sessions });
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #sessions(): Promise<number | undefined> {
    const rows = await this.#database
      .rows<{ sessions: number }>(
        `select count(*)::int as sessions from pg_stat_activity
         where backend_type = 'client backend' and application_name ~ '^otc-etl'`,
      )
      .catch(() => undefined);
    return rows?.[0]?.sessions;
  }
}
