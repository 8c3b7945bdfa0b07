import type { Queryable } from "./database.ts";

/** Runs `work` in the savepoint with that number. It throws the error of `work`, even if the rollback fails. */
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
    // If this fails, the connection is lost, and the ROLLBACK of the transaction will fail as well.
    await transaction.query(`rollback to savepoint ${name}`).catch(() => undefined);
    throw error;
  }
}
