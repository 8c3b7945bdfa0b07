import { quoteIdentifier } from "../../database/identifier.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { keyColumns, versionColumnOf, type View } from "../../views/view.ts";
import { updatableColumns } from "../tables/load-tables.ts";

/** Whether the table has no row of the key yet; a column of the delta and of the matches. */
export const isNewColumn = quoteIdentifier("etl_is_new");

/**
 * Conditions on a staged row `s` and the row `t` of the target with its key: that there is no such row, and that the staged
 * one has to be written.
 */
export function comparison(
  view: View,
  keepNewer: boolean,
): { readonly isNew: string; readonly isChanged: string } {
  const differences = updatableColumns(view).map((column) => differs(column, "s"));
  const isNew = `t.${requiredKeyColumn(view)} is null`;
  const isOlder = keepNewer ? ` and ${isNewer(view, "s", "t")}` : "";
  return { isNew, isChanged: `(${isNew} or (${differences.join(" or ")})${isOlder})` };
}

/** A row of the target is found by `=` on this column, so that it is null only where there is no such row. */
function requiredKeyColumn(view: View): string {
  const [required] = keyColumns(view).filter((column) => column.key === "required");
  if (required === undefined) throw new OtcError("internal", `View ${view.name} has no required key column.`);
  return quoteIdentifier(required.name);
}

/**
 * A condition that a staged row says something else in a column than the row of the target `t`.
 *
 * @param column quoted
 * @param staged what the table or delta with the staged row is called
 */
export function differs(column: string, staged: string): string {
  return `${staged}.${column} is distinct from t.${column}`;
}

/**
 * A condition that a row was modified after another; one that was never modified is the older. Where OTC does not say
 * when, as of comments, which it never changes, none is newer than the one that is there.
 */
export function isNewer(view: View, left: string, right: string): string {
  const column = versionColumnOf(view);
  if (column === undefined) return "false";
  const name = quoteIdentifier(column.name);
  return `(${left}.${name} > ${right}.${name} or (${left}.${name} is not null and ${right}.${name} is null))`;
}
