import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { changeableColumns, type History, keyColumns, type View } from "../../views/view.ts";
import { changeLogStatement } from "./change-log.ts";
import type { LoadTables } from "../tables/staging.ts";

/**
 * Checks `OTC_HISTORY_COLUMNS` before anything begins.
 *
 * @param chosen undefined when the views' own choice counts
 * @throws OtcError `configuration` naming the columns there are
 */
export function checkHistoryColumns(chosen: readonly string[] | undefined, views: readonly View[]): void {
  const known = views
    .filter((view) => view.history !== undefined)
    .flatMap((view) => changeableColumns(view).map((column) => column.name));
  const unknown = (chosen ?? []).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new OtcError(
    "configuration",
    `OTC_HISTORY_COLUMNS names what has no history: ${unknown.map((name) => JSON.stringify(name)).join(", ")}.`,
    { remedy: `There are ${known.join(", ")}; none keeps no history.` },
  );
}

/**
 * The statement that adds the changes of a range of the delta (`isInRange`) to the view's history; undefined when no
 * column of the view is tracked.
 *
 * @param chosen names of columns of any view; undefined when the view's own choice counts
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
  const names = changeableColumns(view).map((column) => column.name);
  const tracked = names.filter((name) => (chosen ?? history.columns).includes(name));
  if (tracked.length === 0) return undefined;
  const columns = ["run_id", ...history.keys, "changed_at", "column_name", "old_value", "new_value"];
  return changeLogStatement(view, tables, tracked, {
    into: `${qualifiedName(schema, history.table)} (${columns.map(quoteIdentifier).join(", ")})`,
    values: [
      String(runId),
      ...keyColumns(view).map((column) => `t.${quoteIdentifier(column.name)}`),
      changeTime(history),
      "change.column_name",
      "change.old_value",
      "change.new_value",
    ],
  });
}

/** When the record says it was changed, if that has moved on with the change and is not yet to come; else now. */
function changeTime({ changedAt }: History): string {
  const column = quoteIdentifier(changedAt);
  return `case when d.${column} > coalesce(t.${column}, '-infinity') then least(d.${column}, now()) else now() end`;
}
