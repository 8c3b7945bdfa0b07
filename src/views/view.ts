import { OtcError } from "../errors/otc-error.ts";

/** The types that a view's field can have. For each, one file in `values/` decides what it accepts. */
export type ValueType = "text" | "integer" | "numeric" | "boolean" | "timestamp";

/**
 * By the key columns, a later load finds a row again. `required`: a record without a value goes to quarantine.
 * `nullable`: null is a valid value, and two nulls are the same key.
 */
type KeyPart = "required" | "nullable";

/** One field of the API's records and the column it is loaded into. */
export interface Column {
  /** The field's name in the API's records. */
  readonly field: string;
  /** The column's name in PostgreSQL. It is the field's name unless the view defines another one. */
  readonly name: string;
  readonly type: ValueType;
  readonly key?: KeyPart;
  /** Whether the text is a time of day: all spellings of one time are stored as one. A text that is no time stays as it is. */
  readonly isTimeOfDay?: true;
  /** Whether the rows of the table are distributed by the column, so that each has to have a value. */
  readonly isDistributed?: true;
  /** Whether the column is written only when the row is inserted. A difference in it does not cause an update. */
  readonly insertOnly: boolean;
  /** Whether this is the version column: of two records with the same key, the one with the later value is newer. */
  readonly versionColumn: boolean;
}

/** Which changes of a view's rows are recorded, and where. */
interface History {
  /** The table in the configured schema. */
  readonly table: string;
  /** That table's names of the key columns, in the order of the view's key columns. */
  readonly keys: readonly string[];
  /** The columns whose changes are recorded, unless `OTC_HISTORY_COLUMNS` names others of the view. */
  readonly columns: readonly string[];
  /** The column with the time of a record's last change, if the view has one. */
  readonly changedAt?: string;
}

/** What becomes of a row that OTC no longer sends. */
export const MISSING_MODES = ["ignore", "report", "soft-delete", "archive"] as const;

export type MissingMode = (typeof MISSING_MODES)[number];

/** How a load notices that rows of the table are missing in a document, and that records come late. */
export interface MissingRows {
  /**
   * The timestamp column whose values in a document tell which rows the document should contain, and since when OTC has a
   * record: one that is inserted long after is late.
   */
  readonly window: string;
  /** A document may begin in the middle of its first days; rows of so many days after its least value are not judged. */
  readonly marginDays: number;
  /** The mode unless `OTC_MISSING_<VIEW>` names another one. */
  readonly mode: MissingMode;
  /**
   * Key columns that a correction at the source does not change: a missing row and a new one with the same values in them
   * and one other part of the key different are the same entry. Without them no rows are paired.
   */
  readonly sameWhenRekeyed?: readonly string[];
}

/** How Citus spreads the rows of a view's table over servers. */
export interface Distribution {
  /** By whose value a row has its server: a text or an integer. */
  readonly column: string;
  /** The view whose rows with the same value are on the same server; left out when that matters to nobody. */
  readonly with?: string;
}

/** A view is data. It contains everything that a load has to know about it, except its table, which a migration creates. */
export interface View {
  /** The name on the command line, in `etl_metadata` and, in capitals, in `OTC_VIEW_<NAME>`. */
  readonly name: string;
  /** The table in the configured schema. */
  readonly table: string;
  /** The view's place in `load all`: lower numbers are loaded first. */
  readonly order: number;
  readonly columns: readonly Column[];
  /** Functions in the schema, without arguments, that refresh the tables derived from this one. */
  readonly refreshes: readonly string[];
  readonly history?: History;
  /** Without it, rows that OTC no longer sends are ignored, and no record is late. */
  readonly missing?: MissingRows;
  /** Without it, the table cannot be distributed. */
  readonly distribution?: Distribution;
}

interface ColumnOptions {
  /** The column's name, if it differs from the field's. */
  readonly as?: string;
  readonly key?: KeyPart;
  readonly insertOnly?: boolean;
  readonly versionColumn?: boolean;
}

function columnOf(type: ValueType) {
  return (field: string, options: ColumnOptions = {}): Column => ({
    field,
    name: options.as ?? field,
    type,
    insertOnly: options.insertOnly ?? false,
    versionColumn: options.versionColumn ?? false,
    ...(options.key === undefined ? {} : { key: options.key }),
  });
}

export const text = columnOf("text");
export const integer = columnOf("integer");
export const numeric = columnOf("numeric");
export const boolean = columnOf("boolean");
export const timestamp = columnOf("timestamp");

/** A text that is a time of day, such as `09:00`. */
export function timeOfDay(field: string, options: ColumnOptions = {}): Column {
  return { ...text(field, options), isTimeOfDay: true };
}

/**
 * Checks a view once, where it is defined.
 *
 * @throws OtcError `internal` when a field or column occurs twice, no key column is required, a key column is
 *   insert-only, there are several version columns, the history has columns that no update writes, the window of missing
 *   rows is no timestamp of the view, or the distribution column is no text or integer of the view
 */
export function defineView(
  view: Omit<View, "table" | "refreshes"> & Partial<Pick<View, "table" | "refreshes">>,
): View {
  const complete: View = { table: view.name, refreshes: [], ...view };
  for (const property of ["field", "name"] as const) {
    const twice = complete.columns.find(
      (column, index) =>
        complete.columns.findIndex((other) => other[property] === column[property]) !== index,
    );
    if (twice !== undefined) {
      throw new OtcError("internal", `View ${complete.name} names ${property} "${twice[property]}" twice.`);
    }
  }
  if (!complete.columns.some((column) => column.key === "required")) {
    throw new OtcError("internal", `View ${complete.name} has no required key column.`);
  }
  if (complete.columns.some((column) => column.key !== undefined && column.insertOnly)) {
    throw new OtcError("internal", `View ${complete.name} has a key column that is insert-only.`);
  }
  if (complete.columns.filter((column) => column.versionColumn).length > 1) {
    throw new OtcError("internal", `View ${complete.name} has several version columns.`);
  }
  if (complete.history !== undefined) checkHistory(complete, complete.history);
  if (complete.missing !== undefined) checkMissing(complete, complete.missing);
  if (complete.distribution !== undefined) checkDistribution(complete, complete.distribution);
  return complete;
}

function checkMissing(view: View, { window, sameWhenRekeyed = [] }: MissingRows): void {
  if (!view.columns.some(({ name, type }) => name === window && type === "timestamp")) {
    throw new OtcError(
      "internal",
      `View ${view.name} has no timestamp "${window}" for the window of missing rows.`,
    );
  }
  const keys = keyColumns(view).map(({ name }) => name);
  const other = sameWhenRekeyed.find((name) => !keys.includes(name));
  if (other !== undefined) {
    throw new OtcError(
      "internal",
      `View ${view.name} has no key column "${other}" to find corrected keys by.`,
    );
  }
}

function checkDistribution(view: View, { column }: Distribution): void {
  const found = view.columns.find(({ name }) => name === column);
  if (found?.type === "integer" || found?.type === "text") return;
  throw new OtcError(
    "internal",
    `View ${view.name} has no text or integer "${column}" to distribute rows by.`,
  );
}

function checkHistory(view: View, { keys, columns, changedAt }: History): void {
  const changeable = changeableColumns(view);
  const named = changedAt === undefined ? columns : [...columns, changedAt];
  const unknown = named.find((name) => !changeable.some((column) => column.name === name));
  if (unknown !== undefined) {
    throw new OtcError("internal", `View ${view.name} has no column "${unknown}" that an update writes.`);
  }
  if (keys.length !== keyColumns(view).length) {
    throw new OtcError("internal", `The history of view ${view.name} does not name each key column once.`);
  }
}

/** The view of a table whose rows are distributed by a column. */
export function distributedView(view: View, column: string | undefined): View {
  if (column === undefined) return view;
  const columns = view.columns.map((each): Column =>
    each.name === column ? { ...each, isDistributed: true } : each,
  );
  return { ...view, columns };
}

/** The columns that an update may write. */
export function changeableColumns(view: View): readonly Column[] {
  return view.columns.filter((column) => column.key === undefined && !column.insertOnly);
}

/**
 * The column that shows whether a record is newer than the row that it would overwrite, if the view has one. A column
 * that no update writes cannot: it keeps its first value, so that the record would still seem newer after every update.
 */
export function versionColumnOf(view: View): Column | undefined {
  return changeableColumns(view).find((column) => column.versionColumn);
}

/** The columns that identify a row. */
export function keyColumns(view: View): readonly Column[] {
  return view.columns.filter((column) => column.key !== undefined);
}

/** Whether the key is one whole number. */
export function hasNumericKey(view: View): boolean {
  const key = keyColumns(view);
  return key.length === 1 && key[0]?.type === "integer";
}
