import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";

/** A foreign key of another table. */
export interface ForeignKey {
  /** The table that has the foreign key, quoted, and with its schema unless the search path finds it. */
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** Drops the foreign keys that reference a table. */
export async function detachForeignKeys(
  transaction: Transaction,
  table: string,
): Promise<readonly ForeignKey[]> {
  const { rows } = await transaction.query<ForeignKey>(
    `select conrelid::regclass::text as "table", conname as "name", pg_get_constraintdef(oid) as "definition"
     from pg_constraint
     where contype = 'f' and confrelid = $1::text::regclass and conrelid <> confrelid`,
    [table],
  );
  for (const { table: from, name } of rows) {
    await transaction.query(`alter table ${from} drop constraint ${quoteIdentifier(name)}`);
  }
  return rows;
}

/** Adds the foreign keys again; they reference the table that has the name now. */
export async function attachForeignKeys(
  transaction: Transaction,
  keys: readonly ForeignKey[],
): Promise<void> {
  for (const { table, name, definition } of keys) {
    await transaction.query(`alter table ${table} add constraint ${quoteIdentifier(name)} ${definition}`);
  }
}
