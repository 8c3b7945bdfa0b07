import type { Queryable } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { totalsTable } from "./read-run-totals.ts";
import { runTable } from "../run-log.ts";

/** @param target the table, quoted and with its schema */
export async function countRows(transaction: Queryable, target: string): Promise<number> {
  const { rows } = await transaction.query<{ rows: number }>(`select count(*) as rows from ${target}`);
  return rows[0]?.rows ?? 0;
}

/**
 * The approximate number of rows in the tables: the count of the last committed run, or the planner's estimate if there is
 * none. The tables are not read, because counting takes long, and a table is locked during its first load.
 *
 * @returns the numbers by the view's name, without views for which neither is known
 */
export async function readTableSizes(
  database: Queryable,
  views: readonly View[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<{ view: string; rows: number }>(
    `select listed.view, coalesce(counted.table_rows, nullif(pg_class.reltuples, -1)::bigint) as rows
     from unnest($2::text[], $3::text[]) as listed (view, table_name)
     left join pg_namespace on nspname = $1
     left join pg_class on relnamespace = pg_namespace.oid and relname = listed.table_name
     left join ${runTable(database.schema)} counted on counted.run_id = (
       select max(last_run_id)
       from ${totalsTable(database.schema)} total
       where total.view_name = listed.view and load_status in ('success', 'partial')
     )`,
    [database.schema, views.map((view) => view.name), views.map((view) => view.table)],
  );
  return new Map(rows.filter((row) => Number.isFinite(row.rows)).map((row) => [row.view, row.rows]));
}
