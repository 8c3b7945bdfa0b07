import { DatabaseError } from "../../database/database-error.ts";
import type { Parameter, Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { keyColumns, type View } from "../../views/view.ts";
import { DELETED_AT, fingerprintColumn, type LoadTables } from "../tables/load-tables.ts";
import { movingColumn, sameKey } from "../tables/same-row.ts";
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
  const sameAsStaged = (row: string): string => sameKey(view, "s", row, tables.notTexts);
  try {
    const archived = await transaction.savepoint(async () =>
      moveBack(
        transaction,
        view,
        tables.target,
        table,
        await findArchived(transaction, tables, table, sameAsStaged("d")),
      ),
    );
    const undeleted = await undelete(transaction, view, tables.target, table, {
      ...stagedKeys(view, tables),
      condition: `exists (select from staged s where ${sameAsStaged("t")})`,
    });
    return { returned: archived + undeleted, problem: undefined };
  } catch (error) {
    if (!(error instanceof DatabaseError) || !error.isRowError) throw error;
    return { returned: 0, problem: `Rows that came back could not be moved back: ${error.message}` };
  }
}

/** The entries of archived rows whose keys are staged. */
async function findArchived(
  transaction: Transaction,
  { staging }: LoadTables,
  { archive, archiveProblem }: MissingTable,
  condition: string,
): Promise<readonly number[]> {
  if (archiveProblem !== undefined) return [];
  const { rows } = await transaction.query<{ missingId: number }>(
    `select distinct d.missing_id as "missingId" from ${archive} d join ${staging} s on ${condition}`,
  );
  return rows.map(({ missingId }) => missingId);
}

/** The staged keys, for a condition on rows of the target. The row of a record that moves is on another server than it. */
function stagedKeys(view: View, tables: LoadTables): Pick<UndeletedRows, "definitions"> {
  const keys = keyColumns(view).map(({ name }) => quoteIdentifier(name));
  const kind = movingColumn(view, tables) === undefined ? "not materialized" : "materialized";
  return { definitions: `staged as ${kind} (select ${keys.join(", ")} from ${tables.staging})` };
}

/** What becomes of the entry of a row that is in the table again: it is forgotten, or says that the row is to stay. */
export type EntryAfter = "forgotten" | "restored";

async function settleEntries(
  transaction: Transaction,
  entry: EntryAfter,
  condition: string,
  parameters: readonly Parameter[],
): Promise<void> {
  const entries = entriesTable(transaction);
  await transaction.query(
    entry === "forgotten"
      ? `delete from ${entries} e where ${condition}`
      : `update ${entries} e set action = 'restored', problem = null where ${condition}`,
    parameters,
  );
}

/**
 * Moves rows from the archive of missing rows to the view's table. Each step is a statement of its own: a distributed table
 * allows no statement that writes in WITH. The table has to be locked against writers.
 *
 * @param missingIds of the rows in the archive
 * @returns how many were moved; those whose key a row of the table has stay
 */
export async function moveBack(
  transaction: Transaction,
  view: View,
  target: string,
  { archive, shared, others, archiveProblem }: MissingTable,
  missingIds: readonly number[],
  entry: EntryAfter = "forgotten",
): Promise<number> {
  if (archiveProblem !== undefined || missingIds.length === 0) return 0;
  const keys = keyColumns(view).map(({ name }) => `d.${quoteIdentifier(name)}`);
  const { rows: present } = await transaction.query<{ missingId: number }>(
    `with wanted as materialized (
       select d.missing_id, ${keys.join(", ")} from ${archive} d where d.missing_id = any($1::bigint[])
     )
     select w.missing_id as "missingId" from wanted w join ${target} t on ${sameKey(view, "w", "t")}`,
    [missingIds],
  );
  const stays = new Set(present.map(({ missingId }) => missingId));
  const moved = [missingIds.filter((missingId) => !stays.has(missingId))];
  // Without a fingerprint, the next load compares the row.
  const columns = shared.filter((column) => column !== fingerprintColumn);
  const own = others.map(quoteIdentifier);
  const values = own.map((column) => `(jsonb_populate_record(null::${target}, d.other_columns)).${column}`);
  const inserted = await transaction.query(
    `insert into ${target} (${[...columns, ...own].join(", ")}) overriding system value
     select ${[...columns.map((column) => `d.${column}`), ...values].join(", ")}
     from ${archive} d where d.missing_id = any($1::bigint[])`,
    moved,
  );
  const removed = await transaction.query(
    `delete from ${archive} d where d.missing_id = any($1::bigint[])`,
    moved,
  );
  if (removed.rowCount !== inserted.rowCount) {
    throw new OtcError(
      "internal",
      `${removed.rowCount} rows of ${archive} were to be moved back, but ${inserted.rowCount} could be inserted.`,
      { remedy: `A trigger or rule on ${view.table} may swallow rows; nothing was changed.` },
    );
  }
  await settleEntries(transaction, entry, "e.missing_id = any($1::bigint[])", moved);
  return removed.rowCount;
}

/** Which rows are no longer deleted. */
interface UndeletedRows {
  /** What stands between WITH and the statement. */
  readonly definitions: string;
  /** On a row `t` of the view's table. */
  readonly condition: string;
}

/**
 * Clears the time at which rows were deleted softly.
 *
 * @returns how many were cleared
 */
export async function undelete(
  transaction: Transaction,
  view: View,
  target: string,
  { hasDeletedAt }: MissingTable,
  { definitions, condition }: UndeletedRows,
  entry: EntryAfter = "forgotten",
): Promise<number> {
  if (!hasDeletedAt) return 0;
  const deletedAt = quoteIdentifier(DELETED_AT);
  const isDeleted = `t.${deletedAt} is not null and ${condition}`;
  // RETURNING of a distributed table allows no function that depends on settings.
  const { rows } = await transaction.query<{ key: unknown }>(
    `with ${definitions} select ${keyJson(view, "t")} as "key" from ${target} t where ${isDeleted}`,
  );
  if (rows.length === 0) return 0;
  const { rowCount } = await transaction.query(
    `with ${definitions} update ${target} t set ${deletedAt} = null where ${isDeleted}`,
  );
  await settleEntries(
    transaction,
    entry,
    "e.view_name = $1 and e.action = 'soft-deleted' and e.record_key in (select jsonb_array_elements($2::text::jsonb))",
    [view.name, JSON.stringify(rows.map(({ key }) => key))],
  );
  return rowCount;
}

function entriesTable({ schema }: Transaction): string {
  return qualifiedName(schema, "etl_missing");
}
