import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { keyList, tableOf } from "./target-table.ts";

const PAUSE_MS = 5;

/**
 * Reads a view's table by its key again and again, as an analyst would, while `work` is under way.
 *
 * @returns the result of `work`, and the longest that a query took
 */
export async function whileReading<T extends object>(
  url: string,
  view: string,
  work: () => Promise<T>,
): Promise<T & { readonly longestReadSeconds: number }> {
  const key = (await keyList(view))[0] ?? "";
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const ended = new AbortController();
  let longest = 0;
  const read = async (): Promise<void> => {
    const { rows } = await client.query<{ value: unknown }>(
      `select ${key} as value from ${tableOf(view)} limit 1`,
    );
    while (!ended.signal.aborted) {
      const startedAt = performance.now();
      await client.query(`select * from ${tableOf(view)} where ${key} = $1 limit 10`, [rows[0]?.value]);
      longest = Math.max(longest, (performance.now() - startedAt) / 1000);
      await sleep(PAUSE_MS);
    }
  };
  try {
    const reading = read();
    // Should the reading fail, it is awaited below; until then it must not count as unhandled.
    reading.catch(() => undefined);
    const result = await work().finally(() => {
      ended.abort();
    });
    await reading;
    return { ...result, longestReadSeconds: longest };
  } finally {
    await client.end();
  }
}
