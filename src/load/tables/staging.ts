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

/**
 * Creates the staging table: unlogged, because it never outlives the transaction, and ordinary rather than temporary,
 * because only an ordinary table is scanned in parallel.
 */
export async function createStaging(transaction: Transaction, view: View, tables: LoadTables): Promise<void> {
  const columns = view.columns.map((column) => `${quoteIdentifier(column.name)} ${SQL_TYPES[column.type]}`);
  await transaction.query(
    `create unlogged table ${tables.staging} (
       ${columns.join(", ")}, ${quoteIdentifier(EXTRA)} jsonb, ${fingerprintColumn} uuid,
       ${positionColumn} bigint not null, ${mayRepeatColumn} boolean
     ) with (autovacuum_enabled = false)`,
  );
}

/**
 * Statistics of the keys, without which the planner picks a join three times slower. How many distinct values there are
 * in 3,000 rows is enough for that, and takes a tenth of the time of the server's usual sample.
 */
const STATISTICS_TARGET = "10";

/** @param table that holds rows of the view, and their positions: the staging table or the delta */
export async function analyzeKeys(transaction: Transaction, view: View, table: string): Promise<void> {
  const columns = [...keyColumns(view).map((column) => quoteIdentifier(column.name)), positionColumn];
  await transaction.query("select set_config('default_statistics_target', $1, true)", [STATISTICS_TARGET]);
  await transaction.query(`analyze ${table} (${columns.join(", ")})`);
}

/** Before COMMIT nothing of the load may be left beside its rows. */
export async function dropLoadTables(transaction: Transaction, tables: LoadTables): Promise<void> {
  // The delta is a table, or a view of the staging table, which goes with it.
  await transaction.query(`drop table if exists ${tables.staging} cascade`);
  await transaction.query(
    `drop table if exists ${[tables.matches, tables.delta, tables.rejectedKeys, tables.unseen, tables.absent].join(", ")}`,
  );
}
