import type { Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";

/** A table of the old script that is renamed temporarily. */
export interface OldTable {
  readonly name: string;
  /** The table and its indexes, with their temporary names. */
  readonly relations: readonly { readonly name: string; readonly temporaryName: string }[];
}

/**
 * Finds the tables with these names and locks all of them exclusively, before any of them is changed.
 *
 * @throws OtcError `migration` when one is not an ordinary table, or belongs to another role
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
      throw new OtcError("migration", `${name} is not an ordinary table, so it cannot be adopted.`, {
        remedy: "Rename it, and adopt again.",
      });
    }
    if (!own) {
      throw new OtcError("migration", `Only the owner of ${name} can adopt it: ${owner}.`, {
        remedy: `Connect as ${owner} for the adoption, or grant that role to the one that otc-etl uses.`,
      });
    }
  }
  for (const { name } of rows) {
    await transaction.query(`lock table ${qualifiedName(transaction.schema, name)} in access exclusive mode`);
  }
  return rows.map(({ name }) => name);
}

/** Gives a table and its indexes other names, so that a migration can create its own. Dependent objects still refer to it. */
export async function setAside(transaction: Transaction, name: string): Promise<OldTable> {
  const { rows } = await transaction.query<OldTable["relations"][number]>(
    `select relname as "name", 'etl_adopted_' || oid as "temporaryName"
     from pg_class
     where oid = $1::text::regclass or oid in (select indexrelid from pg_index where indrelid = $1::text::regclass)`,
    [qualifiedName(transaction.schema, name)],
  );
  for (const relation of rows) await rename(transaction, relation.name, relation.temporaryName);
  return { name, relations: rows };
}

/** Restores the names. */
export async function putBack(transaction: Transaction, old: OldTable): Promise<void> {
  for (const relation of old.relations) await rename(transaction, relation.temporaryName, relation.name);
}

async function rename(transaction: Transaction, from: string, to: string): Promise<void> {
  // This also renames an index, and its constraint with it.
  await transaction.query(
    `alter table ${qualifiedName(transaction.schema, from)} rename to ${quoteIdentifier(to)}`,
  );
}
