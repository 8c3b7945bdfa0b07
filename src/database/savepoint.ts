import type { Queryable } from "./database.ts";

/** Runs `work` in the savepoint of that number. The error of `work` is the one thrown, whatever undoing it meets. */
export async function runSavepoint<T>(
  transaction: Queryable,
  number: number,
  work: () => Promise<T>,
): Promise<T> {
  const name = `otc_etl_${number}`;
  await transaction.query(`savepoint ${name}`);
  try {
    const result = await work();
    await transaction.query(`release savepoint ${name}`);
    return result;
  } catch (error) {
    // When even this fails the connection is gone, and the transaction's own ROLLBACK will find out.
    await transaction.query(`rollback to savepoint ${name}`).catch(() => undefined);
    throw error;
  }
}
