import type { Backend } from "../../database/backend.ts";
import type { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import type { Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { changeableColumns, type Column, keyColumns, type ValueType, type View } from "../../views/view.ts";

/** The column of a view's table for fields that the view does not define. */
export const EXTRA = "extra";

/** The column of a view's table for the fingerprint of the record that the row was made of. */
export const FINGERPRINT = "etl_fingerprint";

/** The column of a view's table for the time at which a row was deleted softly; null in all other rows. */
export const DELETED_AT = "deleted_at";

/** Clears the fingerprint of a row that somebody else than a load changes (migration 0023). It does nothing at an insert. */
export const FINGERPRINT_TRIGGER = "etl_clear_fingerprint";

/** Counts the statements that write to a view's table (migration 0038), in a sequence named after the table. */
export const WRITE_TRIGGER = "etl_count_write";
export const WRITE_COUNTER_PREFIX = "etl_writes_";

/** The record's place in the document, from 1; a column of the staging table only. */
const POSITION = "etl_position";

/** Whether the key may have come before in the document; null when it has not. Also of the staging table only. */
const MAY_REPEAT = "etl_may_repeat";

const SQL_TYPES: Readonly<Record<ValueType, string>> = {
  text: "text",
  integer: "bigint",
  numeric: "numeric",
  boolean: "boolean",
  timestamp: "timestamptz",
};

/**
 * Values that stand for null in a join: `IS NOT DISTINCT FROM` cannot be hashed, `coalesce(a, x) = coalesce(b, x)` can.
 * The value itself may occur as well; the condition beside it tells the two apart. Without a type of their own they take
 * that of the target's column.
 */
const NULL_STAND_INS: Readonly<Record<ValueType, string>> = {
  text: "''",
  integer: "'0'",
  numeric: "'0'",
  boolean: "'false'",
  timestamp: "'epoch'",
};

/** The type of a view's column in PostgreSQL. */
export function sqlTypeOf(type: ValueType): string {
  return SQL_TYPES[type];
}

/** The distribution value of the row that a row of the delta replaces, where that is another one; a column of a load only. */
const MOVED_FROM = "etl_moved_from";

/** The names of one load's tables, quoted and with their schema. */
export interface LoadTables {
  readonly target: string;
  /** The document's rows, as converted. */
  readonly staging: string;
  /** The table that holds them, also where `staging` is a database view of it. */
  readonly stagingTable: string;
  /** A sequence that notes which row is being written; it exists only while refused rows are looked for. */
  readonly lastRow: string;
  /** The same rows in the target's types, where those are not the view's. */
  readonly typed: string;
  /** Columns of the view's type text that have another type in the target, by name. */
  readonly notTexts: ReadonlySet<string>;
  /** The time zone of each column of the view's type timestamp that holds wall time in the target, by name. */
  readonly wallTimes: ReadonlyMap<string, string>;
  /** What the rows of the target are to the staged ones with their keys; only beside known rows. */
  readonly matches: string;
  /** Which of them are new or changed. */
  readonly delta: string;
  /** What would change, column by column; only a plan makes it. */
  readonly changes: string;
  /** The keys of the document's rejected records. */
  readonly rejectedKeys: string;
  /** Fingerprints of rows that may be missing in the document. */
  readonly unseen: string;
  /** The rows of the target that are missing in the document. */
  readonly absent: string;
  /** What can be done with the target. */
  readonly backend: Backend;
  /** Whether rows of the target are written with their fingerprints. */
  readonly hasFingerprints: boolean;
}

export function loadTables(
  schema: string,
  view: View,
  runId: number,
  { backend, hasFingerprints }: Pick<LoadTables, "backend" | "hasFingerprints">,
): LoadTables {
  const staging = qualifiedName(schema, `etl_staging_${view.name}_${runId}`);
  return {
    target: qualifiedName(schema, view.table),
    staging,
    stagingTable: staging,
    lastRow: qualifiedName(schema, `etl_last_row_${view.name}_${runId}`),
    typed: qualifiedName(schema, `etl_typed_${view.name}_${runId}`),
    notTexts: new Set(),
    wallTimes: new Map(),
    matches: qualifiedName(schema, `etl_matches_${view.name}_${runId}`),
    delta: qualifiedName(schema, `etl_delta_${view.name}_${runId}`),
    changes: qualifiedName(schema, `etl_changes_${view.name}_${runId}`),
    rejectedKeys: qualifiedName(schema, `etl_rejected_keys_${view.name}_${runId}`),
    unseen: qualifiedName(schema, `etl_unseen_${view.name}_${runId}`),
    absent: qualifiedName(schema, `etl_absent_${view.name}_${runId}`),
    backend,
    hasFingerprints,
  };
}

export const fingerprintColumn = quoteIdentifier(FINGERPRINT);

/** The quoted columns that staging and target share, in the order of the converter's rows; the fingerprint is last. */
export function sharedColumns(view: View): readonly string[] {
  return [...view.columns.map((column) => column.name), EXTRA, FINGERPRINT].map(quoteIdentifier);
}

/** The quoted columns an insert writes. */
export function insertedColumns(view: View, { hasFingerprints }: LoadTables): readonly string[] {
  return hasFingerprints ? sharedColumns(view) : sharedColumns(view).slice(0, -1);
}

/** The quoted columns whose values an update may change, and is for. */
export function updatableColumns(view: View): readonly string[] {
  return [...changeableColumns(view).map((column) => column.name), EXTRA].map(quoteIdentifier);
}

export const positionColumn = quoteIdentifier(POSITION);

export const mayRepeatColumn = quoteIdentifier(MAY_REPEAT);

export const movedFromColumn = quoteIdentifier(MOVED_FROM);

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

/**
 * A condition, hashable, that two tables' rows have the same key; two nulls are the same.
 *
 * @param notTexts as in `LoadTables`
 */
export function sameKey(
  view: View,
  left: string,
  right: string,
  notTexts: LoadTables["notTexts"] = new Set(),
): string {
  return keyColumns(view)
    .map((column) => {
      const name = quoteIdentifier(column.name);
      return sameKeyPart(column, `${left}.${name}`, `${right}.${name}`, notTexts.has(column.name));
    })
    .join(" and ");
}

function sameKeyPart(column: Column, left: string, right: string, isNoText: boolean): string {
  if (column.key === "required") return `${left} = ${right}`;
  // For an unknown type no value is known that could stand for null. Arrays that contain null are equal and hashable, but take longer to compare.
  if (isNoText) return `array[${left}] = array[${right}]`;
  const standIn = NULL_STAND_INS[column.type];
  return `coalesce(${left}, ${standIn}) = coalesce(${right}, ${standIn}) and ${left} is not distinct from ${right}`;
}

/** The quoted column by which the target's rows are spread over servers, and with them those of the load's tables. */
function distributionColumn({ backend }: LoadTables): string | undefined {
  return backend.distributedBy === undefined ? undefined : quoteIdentifier(backend.distributedBy);
}

/**
 * The distribution column, quoted, if it is not part of the key: a row then moves to another server when its record has
 * another value in it.
 */
export function movingColumn(view: View, tables: LoadTables): string | undefined {
  const isKey = keyColumns(view).some(({ name }) => name === tables.backend.distributedBy);
  return isKey ? undefined : distributionColumn(tables);
}

/**
 * A condition as `sameKey`, of two rows that are on the same server. A row that moves is on the server of its record when
 * `relocateMoved` has moved it there.
 */
export function sameRow(view: View, tables: LoadTables, left: string, right: string): string {
  const moving = movingColumn(view, tables);
  const keys = sameKey(view, left, right, tables.notTexts);
  return moving === undefined ? keys : `${keys} and ${left}.${moving} = ${right}.${moving}`;
}

/** A condition that rows of two tables of the load were made of the same record. */
export function sameRecord(tables: LoadTables, left: string, right: string): string {
  const column = distributionColumn(tables);
  const records = `${left}.${positionColumn} = ${right}.${positionColumn}`;
  return column === undefined ? records : `${records} and ${left}.${column} = ${right}.${column}`;
}

/** What a table of the load that is made of staged rows `s` has beside its own columns; each ends with a comma. */
export function placeColumns(view: View, tables: LoadTables): string {
  const column = distributionColumn(tables);
  if (column === undefined) return "";
  const moving = movingColumn(view, tables);
  return `s.${column}, ${moving === undefined ? "" : `nullif(s.${moving}, s.${moving}) as ${movedFromColumn}, `}`;
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
  const columns = view.columns.map((column) => `${quoteIdentifier(column.name)} ${SQL_TYPES[column.type]}`);
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
