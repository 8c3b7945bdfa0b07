import type { Queryable } from "../database/database.ts";
import type { View } from "../views/view.ts";
import { runTable } from "./run-log.ts";

/**
 * About how many rows the tables have: as counted by the last load that did, otherwise as the planner believes. Nothing is
 * read of the tables themselves: counting takes long, and one that is being filled for the first time is locked.
 *
 * @returns by the view's name; without those that nobody knows anything of
 */
export async function readTableSizes(
  database: Queryable,
  schema: string,
  views: readonly View[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await database.query<{ view: string; rows: number }>(
    `select listed.view, coalesce(counted.table_rows, nullif(pg_class.reltuples, -1)::bigint) as rows
     from unnest($2::text[], $3::text[]) as listed (view, table_name)
     left join pg_namespace on nspname = $1
     left join pg_class on relnamespace = pg_namespace.oid and relname = listed.table_name
     left join lateral (
       select table_rows
       from ${runTable(schema)}
       where view_name = listed.view and table_rows is not null
       order by run_id desc
       limit 1
     ) counted on true`,
    [schema, views.map((view) => view.name), views.map((view) => view.table)],
  );
  return new Map(rows.filter((row) => Number.isFinite(row.rows)).map((row) => [row.view, row.rows]));
}
