import type { Database, Queryable } from "./database.ts";

/** The time limits of a reader, in milliseconds. */
export interface ReadLimits {
  /** For one statement. */
  readonly statementMs: number;
  /** For waiting for a lock, such as the one of a first load on its table. */
  readonly lockMs: number;
}

/** Lends a transaction that cannot write, whatever the role's rights. */
export async function withReadOnlyTransaction<T>(
  database: Database,
  limits: ReadLimits,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  return database.transaction(async (transaction) => {
    await transaction.query(
      `select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', $1, true),
         set_config('lock_timeout', $2, true)`,
      [`${limits.statementMs}ms`, `${limits.lockMs}ms`],
    );
    return work(transaction);
  });
}
