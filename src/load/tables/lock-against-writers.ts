import type { Transaction } from "../../database/database.ts";

/**
 * Keeps other writers away from a table, until the transaction or the savepoint ends; readers are not held up.
 *
 * @param target quoted and with its schema
 */
export async function lockAgainstWriters(transaction: Transaction, target: string): Promise<void> {
  await transaction.query(`lock table ${target} in share row exclusive mode`);
}
