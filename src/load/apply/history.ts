import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { changeableColumns, keyColumns, type View } from "../../views/view.ts";
import { inViewType } from "../tables/in-view-type.ts";
import type { LoadTables } from "../tables/load-tables.ts";
import { changeLogStatement } from "./change-log.ts";

/**
 * Checks `OTC_HISTORY_COLUMNS` before anything begins.
 *
 * @param chosen undefined when the views' own choice counts
 * @throws OtcError `configuration` naming the columns there are
 */
export function checkHistoryColumns(chosen: readonly string[] | undefined, views: readonly View[]): void {
  const withHistory = views.filter((view) => view.history !== undefined);
  const known = withHistory.flatMap((view) => changeableColumns(view).map((column) => column.name));
  const none = withHistory.map(noneOf);
  const unknown = (chosen ?? []).filter((name) => !known.includes(name) && !none.includes(name));
  if (unknown.length === 0) return;
  const similar = unknown.flatMap((name) => known.filter((column) => shortName(column) === shortName(name)));
  throw new OtcError(
    "configuration",
    `OTC_HISTORY_COLUMNS names what has no history: ${unknown.map((name) => JSON.stringify(name)).join(", ")}.`,
    {
      remedy:
        `${similar.length === 0 ? "" : `Did you mean ${similar.join(", ")}? `}There are ${known.join(", ")}. ${none.join(", ")} keep no history of one view; none alone keeps no history. ` +
        "A row whose key changes is another row, and a column that only an insert writes does not change.",
    },
  );
}

/** What people call a column: `status` is `TKT-Status`. Columns of several views can have the same one. */
function shortName(column: string): string {
  return column.replace(/^[^-]+-/, "").toLowerCase();
}

/** What keeps no history of a view, in `OTC_HISTORY_COLUMNS`. */
function noneOf(view: View): string {
  return `${view.name}=none`;
}

/**
 * The columns of a view whose changes are recorded. A choice counts for the views of which it names a column; the others
 * keep their own. An empty choice keeps no history at all.
 */
function trackedColumns(view: View, chosen: readonly string[] | undefined): readonly string[] {
  const own = view.history?.columns ?? [];
  if (chosen === undefined) return own;
  if (chosen.length === 0 || chosen.includes(noneOf(view))) return [];
  const named = changeableColumns(view)
    .map((column) => column.name)
    .filter((name) => chosen.includes(name));
  return named.length === 0 ? own : named;
}

/**
 * The statement that adds the changes of a range of the delta (`isInRange`) to the view's history; undefined when no
 * column of the view is tracked.
 *
 * @param chosen of `OTC_HISTORY_COLUMNS`; undefined when the view's own choice counts
 */
export function historyStatement(
  view: View,
  tables: LoadTables,
  schema: string,
  runId: number,
  chosen: readonly string[] | undefined,
): string | undefined {
  const { history } = view;
  if (history === undefined) return undefined;
  const tracked = trackedColumns(view, chosen);
  if (tracked.length === 0) return undefined;
  const columns = ["run_id", ...history.keys, "changed_at", "column_name", "old_value", "new_value"];
  return changeLogStatement(view, tables, tracked, {
    into: `${qualifiedName(schema, history.table)} (${columns.map(quoteIdentifier).join(", ")})`,
    values: [
      String(runId),
      ...keyColumns(view).map((column) => inViewType(column, tables, "t")),
      changeTime(view, tables),
      "change.column_name",
      "change.old_value",
      "change.new_value",
    ],
  });
}

/** When the record says it was changed, if it does, and that has moved on with the change and is not yet to come; else now. */
function changeTime(view: View, tables: LoadTables): string {
  const changedAt = view.columns.find(({ name }) => name === view.history?.changedAt);
  if (changedAt === undefined) return "now()";
  const [before, after] = [inViewType(changedAt, tables, "t"), inViewType(changedAt, tables, "d")];
  return `case when ${after} > coalesce(${before}, '-infinity') then least(${after}, now()) else now() end`;
}
