import type { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, type View } from "../../views/view.ts";
import {
  EXTRA,
  fingerprintColumn,
  type LoadTables,
  mayRepeatColumn,
  positionColumn,
  sharedColumns,
  sqlTypeOf,
} from "./load-tables.ts";

/** What stands between COPY and FROM: the staging table and its columns, position and suspicion last. */
export function copyTarget(view: View, tables: LoadTables): string {
  return `${tables.staging} (${[...sharedColumns(view), positionColumn, mayRepeatColumn].join(", ")})`;
}

/** How many values a row for the staging table has. */
export function stagedColumnCount(view: View): number {
  return sharedColumns(view).length + 2;
}

/**
 * Ends a row for the staging table, of which the values of the shared columns have been written.
 *
 * @param position the record's place in the document, from 1
 * @param mayRepeat whether the row's key may have come before
 */
export function endStagedRow(row: CopyBinaryWriter, position: number, mayRepeat: boolean): void {
  row.writeInteger(position);
  if (mayRepeat) row.writeBoolean(true);
  else row.writeNull();
  row.endRow();
}

/** Puts rows of a new table on the servers of the target's rows with the same distribution values. */
async function colocate(
  transaction: Transaction,
  { target, backend }: LoadTables,
  table: string,
): Promise<void> {
  if (backend.distributedBy === undefined) return;
  await transaction.query("select create_distributed_table($1::text::regclass, $2, colocate_with => $3)", [
    table,
    backend.distributedBy,
    target,
  ]);
}

/**
 * Makes a table of the load of the rows of a query, each of which has the distribution column of the target.
 *
 * @param query of `staging`, of the target, or of tables made by this function
 * @returns how many rows it has
 */
export async function createTableAs(
  transaction: Transaction,
  tables: LoadTables,
  table: string,
  query: string,
): Promise<number> {
  const create = `create unlogged table ${table} with (autovacuum_enabled = false) as ${query}`;
  if (tables.backend.distributedBy === undefined) return (await transaction.query(create)).rowCount;
  await transaction.query(`${create} with no data`);
  await colocate(transaction, tables, table);
  return (await transaction.query(`insert into ${table} ${query}`)).rowCount;
}

/**
 * Creates the staging table: unlogged, because it never outlives the transaction, and ordinary rather than temporary,
 * because only an ordinary table is scanned in parallel, and joined with a distributed one.
 */
export async function createStaging(transaction: Transaction, view: View, tables: LoadTables): Promise<void> {
  const columns = view.columns.map((column) => `${quoteIdentifier(column.name)} ${sqlTypeOf(column.type)}`);
  await transaction.query(
    `create unlogged table ${tables.staging} (
       ${columns.join(", ")}, ${quoteIdentifier(EXTRA)} jsonb, ${fingerprintColumn} uuid,
       ${positionColumn} bigint not null, ${mayRepeatColumn} boolean
     ) with (autovacuum_enabled = false)`,
  );
  await colocate(transaction, tables, tables.stagingTable);
}

/**
 * Statistics of the keys, without which the planner picks a join three times slower. How many distinct values there are
 * in 3,000 rows is enough for that, and takes a tenth of the time of the server's usual sample.
 */
const STATISTICS_TARGET = 10;

/** @param table that holds rows of the view, and their positions: the staging table or the delta */
export async function analyzeKeys(
  transaction: Transaction,
  view: View,
  { backend }: LoadTables,
  table: string,
): Promise<void> {
  // A statement, because Citus sends it to its servers. It does not quote the names of columns for them.
  await transaction.query(`set local default_statistics_target = ${STATISTICS_TARGET}`);
  const columns = [...keyColumns(view).map((column) => quoteIdentifier(column.name)), positionColumn];
  const list = backend.distributedBy === undefined ? ` (${columns.join(", ")})` : "";
  await transaction.query(`analyze ${table}${list}`);
}

/** Before COMMIT nothing of the load may be left beside its rows. */
export async function dropLoadTables(transaction: Transaction, tables: LoadTables): Promise<void> {
  // The delta is a table, or a view of the staging table, which goes with it.
  await transaction.query(`drop table if exists ${tables.staging} cascade`);
  await transaction.query(
    `drop table if exists ${[tables.matches, tables.delta, tables.rejectedKeys, tables.unseen, tables.absent].join(", ")}`,
  );
}
