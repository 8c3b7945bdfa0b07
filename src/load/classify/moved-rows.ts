import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, versionColumnOf, type View } from "../../views/view.ts";
import {
  fingerprintColumn,
  type LoadTables,
  movedFromColumn,
  positionColumn,
} from "../tables/load-tables.ts";
import { movingColumn, sameKey } from "../tables/same-row.ts";
import { isNewColumn, isNewer } from "./comparison.ts";

/** What became of rows whose record has another distribution value. */
export interface MovedRows {
  /** Rows of the delta that replace a row of another server. */
  readonly moved: number;
  /** Rows that are newer than what was staged, and stay. */
  readonly kept: number;
}

const NONE_MOVED: MovedRows = { moved: 0, kept: 0 };

/**
 * Finds the rows that seem to be new because their record has another distribution value than their row: the comparison
 * looks only on the server of the record. They are few, so that their keys are sent to all servers.
 *
 * @param table the matches or the delta, with `isNewColumn` and `movedFromColumn`
 * @param source a table or a join, with the columns of staged rows `s` and `isNewColumn`
 */
export async function markMoved(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  {
    table,
    source,
    keepNewer,
  }: { readonly table: string; readonly source: string; readonly keepNewer: boolean },
): Promise<MovedRows> {
  const moving = movingColumn(view, tables);
  if (moving === undefined) return NONE_MOVED;
  const version = versionColumnOf(view);
  const names = [...keyColumns(view), ...(version === undefined ? [] : [version])].map(({ name }) =>
    quoteIdentifier(name),
  );
  const columns = [...names, moving, positionColumn].map((column) => `s.${column}`).join(", ");
  const isMatches = table === tables.matches;
  const moved = `
    with candidate as materialized (select ${columns} from ${source} where ${isNewColumn}),
    moved as materialized (
      select c.${positionColumn}, t.${moving} as origin${isMatches ? `, t.${fingerprintColumn}` : ""}
      from candidate c join ${tables.target} t on ${sameKey(view, "c", "t", tables.notTexts)}
      where t.${moving} <> c.${moving}`;
  const changes = isMatches ? `, changed = true, ${fingerprintColumn} = moved.${fingerprintColumn}` : "";
  const marked = await transaction.query(
    `${moved} ${keepNewer ? `and ${isNewer(view, "c", "t")}` : ""}
     )
     update ${table} m set ${isNewColumn} = false, ${movedFromColumn} = moved.origin${changes}
     from moved where m.${positionColumn} = moved.${positionColumn}`,
  );
  if (!keepNewer) return { moved: marked.rowCount, kept: 0 };
  const kept = await transaction.query(
    `${moved}
     )
     delete from ${table} m using moved where m.${positionColumn} = moved.${positionColumn} and m.${isNewColumn}`,
  );
  return { moved: marked.rowCount, kept: kept.rowCount };
}
