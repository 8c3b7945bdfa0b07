import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import { type LoadTables, positionColumn } from "../tables/load-tables.ts";
import { sameRecord } from "../tables/same-row.ts";
import { type RowKey, rowKeyOf } from "../tables/row-key.ts";
import { isNewColumn } from "./comparison.ts";

/** New rows that should have been in the table already. */
export interface LateRows {
  readonly count: number;
  /** The first ones in the document. */
  readonly examples: readonly RowKey[];
}

export const NONE_LATE: LateRows = { count: 0, examples: [] };

const EXAMPLES = 3;

/**
 * The newest date of the table before the delta is applied, as text: what is newer than every row is new, although clocks
 * may say that it should have come earlier. Null for a table without dates.
 */
export async function readNewestDate(
  transaction: Transaction,
  { view, target }: Pick<LoadTables, "target"> & { readonly view: View },
): Promise<string | null> {
  if (view.missing === undefined) return null;
  const { rows } = await transaction.query<{ newest: string | null }>(
    `select max(${quoteIdentifier(view.missing.window)})::timestamptz::text as newest from ${target}`,
  );
  return rows[0]?.newest ?? null;
}

/**
 * Counts the new rows of the delta whose date is before a time, and not after the newest date of the table. The date is
 * that of the record, also where the target has another type.
 *
 * @param newest as `readNewestDate` returns it
 * @param refused positions of rows that the database has refused, so that they are not inserted
 */
export async function findLateRows(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { before, newest }: { readonly before: Date; readonly newest: string | null },
  refused: readonly number[],
): Promise<LateRows> {
  if (view.missing === undefined) return NONE_LATE;
  const { rows } = await transaction.query<LateRows>(
    `with late as (
       select s.*
       from ${tables.delta} d
       join ${tables.staging} s on ${sameRecord(tables, "d", "s")}
       where d.${isNewColumn} and s.${quoteIdentifier(view.missing.window)} < $1
         and s.${quoteIdentifier(view.missing.window)} <= $3::timestamptz
         and d.${positionColumn} <> all($2::bigint[])
     )
     select (select count(*) from late)::float8 as "count",
       coalesce(json_agg(${rowKeyOf(view, "shown")} order by shown.${positionColumn}), '[]') as "examples"
     from (select * from late order by ${positionColumn} limit ${EXAMPLES}) shown`,
    [before, refused, newest],
  );
  return rows[0] ?? NONE_LATE;
}
