import { quoteIdentifier } from "../../database/identifier.ts";
import { type Column, keyColumns, type ValueType, type View } from "../../views/view.ts";
import { type LoadTables, movedFromColumn, positionColumn } from "./load-tables.ts";

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
