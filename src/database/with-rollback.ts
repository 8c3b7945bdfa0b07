import type { Database, Transaction } from "./database.ts";

/** Thrown to roll back a transaction whose work has succeeded. */
class RolledBack extends Error {}

/**
 * Lends a transaction to `work` and always rolls it back, even if `work` succeeds.
 *
 * @param signal cancels the running statement, and with it the transaction
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
