import type { Backend } from "../../database/backend.ts";
import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { changeableColumns, type ValueType, type View } from "../../views/view.ts";

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

/** The distribution value of the row that a row of the delta replaces, where that is another one; a column of a load only. */
const MOVED_FROM = "etl_moved_from";

const SQL_TYPES: Readonly<Record<ValueType, string>> = {
  text: "text",
  integer: "bigint",
  numeric: "numeric",
  boolean: "boolean",
  timestamp: "timestamptz",
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

export const movedFromColumn = quoteIdentifier(MOVED_FROM);
