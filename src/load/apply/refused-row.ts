import type { DatabaseError } from "../../database/database-error.ts";
import type { Transaction } from "../../database/database.ts";
import { type Column, keyColumns, type View } from "../../views/view.ts";
import type { Reject } from "../../runs/rejects/reject-spool.ts";
import { type LoadTables, positionColumn, sharedColumns } from "../tables/load-tables.ts";

/**
 * The reject for a row that the database refused. The record is no longer in memory, so its JSON is made from the
 * staged row: every field as a text that converts to the same value again, and the fields of `extra` beside them.
 */
export async function rejectOfRefusedRow(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  position: number,
  error: DatabaseError,
): Promise<Reject> {
  const columns = sharedColumns(view).map(
    (column, index) => `${asSent(column, view.columns[index])} as c${index}`,
  );
  const { rows } = await transaction.query<Readonly<Record<string, string | null>>>(
    `select ${columns.join(", ")} from ${tables.staging} where ${positionColumn} = $1`,
    [position],
  );
  const row = rows[0] ?? {};
  const fields = view.columns.flatMap((column, index) => {
    const value = row[`c${index}`] ?? null;
    return value === null ? [] : [`${JSON.stringify(column.field)}:${JSON.stringify(value)}`];
  });
  const extra = row[`c${view.columns.length}`]?.slice(1, -1).trim() ?? "";
  const key = keyColumns(view).map(
    (column) => `${column.field}=${JSON.stringify(row[`c${view.columns.indexOf(column)}`] ?? null)}`,
  );
  return {
    position,
    key: key.join(", "),
    field: null,
    reason: "refused_by_database",
    message: error.message,
    sqlState: error.sqlState ?? null,
    raw: `{${[...fields, ...(extra === "" ? [] : [extra])].join(",")}}`,
  };
}

/** How the server writes a time depends on its settings, so it is not asked to. */
function asSent(quoted: string, column: Column | undefined): string {
  return column?.type === "timestamp"
    ? `to_char(${quoted} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    : `${quoted}::text`;
}
