import type { Database, Transaction } from "./database.ts";

/** Ends a transaction that has done all it should, and keeps nothing of it. */
class RolledBack extends Error {}

/**
 * Lends a transaction to `work` and rolls it back, also when all went well.
 *
 * @param signal cancels the statement that is running, and so the transaction
 * @returns what `work` returned
 */
export async function withRollback<T>(
  database: Database,
  work: (transaction: Transaction) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const results: T[] = [];
  try {
    await database.transaction(async (transaction) => {
      results.push(await work(transaction));
      throw new RolledBack();
    }, signal);
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
  }
  return results[0] as T;
}
