import { DatabaseError } from "../../database/database-error.ts";
import type { Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import { DELETED_AT, fingerprintColumn, type LoadTables, sameKey } from "../tables/staging.ts";
import { keyJson, type MissingTable, readMissingTable } from "./missing-check.ts";

/** Rows that were removed as missing and are in the table again. */
export interface Returned {
  readonly returned: number;
  /** Why some could not come back; undefined when all could. */
  readonly problem: string | undefined;
}

export const NOTHING_RETURNED: Returned = { returned: 0, problem: undefined };

/** Whether rows of the view were removed and are kept. */
export async function hasRemovedRows(transaction: Transaction, view: View): Promise<boolean> {
  const { rows } = await transaction.query<{ removed: boolean }>(
    `select exists (
       select from ${entriesTable(transaction)} where view_name = $1 and action in ('archived', 'soft-deleted')
     ) as removed`,
    [view.name],
  );
  return rows[0]?.removed === true;
}

/**
 * Puts rows that were removed as missing, and whose keys are staged, back into the table, before the staged rows are
 * compared with it: a row that comes back keeps what only an insert writes, and counts as updated or unchanged.
 *
 * @param tables the staged rows in the types of the target
 */
export async function restoreReturned(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
): Promise<Returned> {
  if (!(await hasRemovedRows(transaction, view))) return NOTHING_RETURNED;
  const table = await readMissingTable(transaction, view, tables.target);
  const isStaged = (row: string): string =>
    `exists (select from ${tables.staging} s where ${sameKey(view, "s", row, tables.notTexts)})`;
  try {
    const archived = await transaction.savepoint(() =>
      moveBack(transaction, view, tables.target, table, isStaged("d")),
    );
    const undeleted = await undelete(transaction, view, tables.target, table, isStaged("t"));
    return { returned: archived + undeleted, problem: undefined };
  } catch (error) {
    if (!(error instanceof DatabaseError) || !error.isRowError) throw error;
    return { returned: 0, problem: `Rows that came back could not be moved back: ${error.message}` };
  }
}

/** What becomes of the entry of a row that is in the table again: it is forgotten, or says that the row is to stay. */
export type EntryAfter = "forgotten" | "restored";

function settleEntries(transaction: Transaction, entry: EntryAfter, condition: string): string {
  const entries = entriesTable(transaction);
  return entry === "forgotten"
    ? `delete from ${entries} e using back where ${condition}`
    : `update ${entries} e set action = 'restored', problem = null from back where ${condition}`;
}

/**
 * Moves rows from the archive of missing rows to the view's table.
 *
 * @param condition which rows `d` of the archive
 * @returns how many were moved; none when the table has a row with the same key
 */
export async function moveBack(
  transaction: Transaction,
  view: View,
  target: string,
  { archive, shared, others, archiveProblem }: MissingTable,
  condition: string,
  entry: EntryAfter = "forgotten",
): Promise<number> {
  if (archiveProblem !== undefined) return 0;
  // Without a fingerprint, the next load compares the row.
  const columns = shared.filter((column) => column !== fingerprintColumn);
  const own = others.map(quoteIdentifier);
  const values = own.map(
    (column) => `(jsonb_populate_record(null::${target}, back.other_columns)).${column}`,
  );
  const { rows } = await transaction.query<{ moved: number }>(
    `with back as (
       delete from ${archive} d
       where ${condition} and not exists (select from ${target} t where ${sameKey(view, "d", "t")})
       returning d.*
     ),
     inserted as (
       insert into ${target} (${[...columns, ...own].join(", ")}) overriding system value
       select ${[...columns.map((column) => `back.${column}`), ...values].join(", ")} from back
     ),
     settled as (${settleEntries(transaction, entry, "e.missing_id = back.missing_id")})
     select count(*) as moved from back`,
  );
  return rows[0]?.moved ?? 0;
}

/**
 * Clears the time at which rows were deleted softly.
 *
 * @param condition which rows `t` of the view's table
 * @returns how many were cleared
 */
export async function undelete(
  transaction: Transaction,
  view: View,
  target: string,
  { hasDeletedAt }: MissingTable,
  condition: string,
  entry: EntryAfter = "forgotten",
): Promise<number> {
  if (!hasDeletedAt) return 0;
  const deletedAt = quoteIdentifier(DELETED_AT);
  const { rows } = await transaction.query<{ cleared: number }>(
    `with back as (
       update ${target} t set ${deletedAt} = null where t.${deletedAt} is not null and ${condition}
       returning ${keyJson(view, "t")} as record_key
     ),
     settled as (
       ${settleEntries(
         transaction,
         entry,
         `e.view_name = ${quoteLiteral(view.name)} and e.action = 'soft-deleted' and e.record_key = back.record_key`,
       )}
     )
     select count(*) as cleared from back`,
  );
  return rows[0]?.cleared ?? 0;
}

function entriesTable({ schema }: Transaction): string {
  return qualifiedName(schema, "etl_missing");
}
