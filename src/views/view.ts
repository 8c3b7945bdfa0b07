import { OtcError } from "../errors/otc-error.ts";

/** The types a view's field can have; each has one file in `values/` that decides what it accepts. */
export type ValueType = "text" | "integer" | "numeric" | "boolean" | "timestamp";

/**
 * A key column finds the row again at the next load. `required`: a record without it goes to quarantine.
 * `nullable`: null is a value of its own, and two nulls are the same key.
 */
type KeyPart = "required" | "nullable";

/** One field of the API's records and the column it is loaded into. */
export interface Column {
  /** The field's name in the API's records. */
  readonly field: string;
  /** The column's name in PostgreSQL; the field's own unless the view says otherwise. */
  readonly name: string;
  readonly type: ValueType;
  readonly key?: KeyPart;
  /** Written when the row is inserted, never overwritten by an update, and no reason for one. */
  readonly insertOnly: boolean;
  /** Of two rows with the same key the one with the later value is the newer. */
  readonly versionColumn: boolean;
}

/** Which changes of a view's rows are kept, and where. */
export interface History {
  /** The table in the configured schema. */
  readonly table: string;
  /** What that table calls the key, in the order of the view's key columns. */
  readonly keys: readonly string[];
  /** The columns whose changes are kept, unless `OTC_HISTORY_COLUMNS` names others. */
  readonly columns: readonly string[];
  /** The column that says when a record was last changed. */
  readonly changedAt: string;
}

/** A view is data: everything a load has to know of it stands here, and its table in a migration. */
export interface View {
  /** The name on the command line, in `etl_metadata` and, in capitals, in `OTC_VIEW_<NAME>`. */
  readonly name: string;
  /** The table in the configured schema. */
  readonly table: string;
  /** Where the view stands in `load all`; lower first. */
  readonly order: number;
  readonly columns: readonly Column[];
  /** Functions in the schema, without arguments, that bring up to date what is derived from the table. */
  readonly refreshes: readonly string[];
  readonly history?: History;
}

interface ColumnOptions {
  /** Another name for the column than the field's. */
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

/**
 * Checks a view once, where it is defined.
 *
 * @throws OtcError `internal` when a field or column stands twice, no key column is required, a key is insert-only, or
 * several columns tell which row is newer, or the
 * history is of columns that no update writes.
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
    throw new OtcError("internal", `View ${complete.name} has several columns that tell which row is newer.`);
  }
  if (complete.history !== undefined) checkHistory(complete, complete.history);
  return complete;
}

function checkHistory(view: View, { keys, columns, changedAt }: History): void {
  const changeable = changeableColumns(view);
  const stranger = [...columns, changedAt].find((name) => !changeable.some((column) => column.name === name));
  if (stranger !== undefined) {
    throw new OtcError("internal", `View ${view.name} has no column "${stranger}" that an update writes.`);
  }
  if (keys.length !== keyColumns(view).length) {
    throw new OtcError("internal", `The history of view ${view.name} does not name each key column once.`);
  }
}

/** The columns that an update may write. */
export function changeableColumns(view: View): readonly Column[] {
  return view.columns.filter((column) => column.key === undefined && !column.insertOnly);
}

/**
 * The column that tells whether a record is newer than the row that it would overwrite, if the view has one. A column that
 * no update writes cannot: it says when the row was created, and would call the record newer again after every update.
 */
export function versionColumnOf(view: View): Column | undefined {
  return changeableColumns(view).find((column) => column.versionColumn);
}

/** The columns that identify a row. */
export function keyColumns(view: View): readonly Column[] {
  return view.columns.filter((column) => column.key !== undefined);
}
