import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A server that is stopped is back after so long at the latest, crash recovery included. */
const AWAY_MS = 60_000;

const PAUSE_MS = 100;

/** Errors of a connection to a server that is stopped, starts or recovers: expected while faults happen. */
const EXPECTED = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "57P01",
  "57P02",
  "57P03",
  "08006",
  "08P01",
]);

/** The soak's own view of the database, beside the proxy. Each piece of work has a connection of its own. */
export class SoakDatabase {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Lends a connection. If the server is away, the whole work is repeated until it is back. */
  async with<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const deadline = performance.now() + AWAY_MS;
    for (;;) {
      const client = new pg.Client({ connectionString: this.#url, application_name: "soak" });
      // An idle connection that breaks would end this process otherwise; the query that follows tells.
      client.on("error", () => undefined);
      try {
        await client.connect();
        return await work(client);
      } catch (error) {
        if (!isExpected(error) || performance.now() > deadline) throw error;
        await sleep(PAUSE_MS);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  /** The rows of one statement. */
  async rows<Row>(text: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.with(async (client) => (await client.query(text, [...parameters])).rows as Row[]);
  }

  /** Ends server processes with SIGKILL, after which the server recovers as from a crash. @returns how many there were */
  async killBackends(condition: string, parameters: readonly unknown[] = []): Promise<number> {
    const backends = await this.rows<{ pid: number }>(
      `select pid from pg_stat_activity where backend_type = 'client backend' and ${condition}`,
      parameters,
    );
    let killed = 0;
    for (const { pid } of backends) {
      try {
        process.kill(pid, "SIGKILL");
        killed += 1;
      } catch {
        // It has ended meanwhile.
      }
    }
    return killed;
  }
}

function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string" && EXPECTED.has(error.code)) return true;
  return /Connection terminated|timeout expired/.test(error.message);
}
