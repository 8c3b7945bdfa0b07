import type { Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";

/** A table of the old script whose name is free for the moment. */
export interface OldTable {
  readonly name: string;
  /** The table and its indexes, with the names that they bear meanwhile. */
  readonly relations: readonly { readonly name: string; readonly meanwhile: string }[];
}

/**
 * Finds the tables by these names and locks them against everybody, before any of them is touched.
 *
 * @throws OtcError `migration` when one is no ordinary table, or belongs to another role
 */
export async function findOldTables(
  transaction: Transaction,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ name: string; owner: string; ordinary: boolean; own: boolean }>(
    `select relname as "name", pg_get_userbyid(relowner) as "owner", relkind = 'r' as "ordinary",
       pg_has_role(relowner, 'usage') as "own"
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relname = any($2::text[])
     order by array_position($2::text[], relname::text)`,
    [transaction.schema, names],
  );
  for (const { name, owner, ordinary, own } of rows) {
    if (!ordinary) {
      throw new OtcError("migration", `${name} is no ordinary table, so it cannot be adopted.`, {
        remedy: "Rename it, and adopt again.",
      });
    }
    if (!own) {
      throw new OtcError("migration", `Only its owner can adopt ${name}: ${owner}.`, {
        remedy: `Connect as ${owner} for this once, or grant that role to the one that otc-etl uses.`,
      });
    }
  }
  for (const { name } of rows) {
    await transaction.query(`lock table ${qualifiedName(transaction.schema, name)} in access exclusive mode`);
  }
  return rows.map(({ name }) => name);
}

/** Gives a table and its indexes other names, so that a migration can create its own. What depends on it stays so. */
export async function setAside(transaction: Transaction, name: string): Promise<OldTable> {
  const { rows } = await transaction.query<OldTable["relations"][number]>(
    `select relname as "name", 'etl_adopted_' || oid as "meanwhile"
     from pg_class
     where oid = $1::text::regclass or oid in (select indexrelid from pg_index where indrelid = $1::text::regclass)`,
    [qualifiedName(transaction.schema, name)],
  );
  for (const relation of rows) await rename(transaction, relation.name, relation.meanwhile);
  return { name, relations: rows };
}

/** Gives the names back. */
export async function putBack(transaction: Transaction, old: OldTable): Promise<void> {
  for (const relation of old.relations) await rename(transaction, relation.meanwhile, relation.name);
}

async function rename(transaction: Transaction, from: string, to: string): Promise<void> {
  // Also of an index; its constraint goes with it.
  await transaction.query(
    `alter table ${qualifiedName(transaction.schema, from)} rename to ${quoteIdentifier(to)}`,
  );
}
