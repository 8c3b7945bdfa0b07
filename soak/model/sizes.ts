import type pg from "pg";
import { SCHEMA } from "./check-tables.ts";

/** The sizes of all tables of otc-etl together. */
export interface Sizes {
  /** Since the beginning of the soak. */
  readonly seconds: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  /** Rows of the views and of their archives of missing rows. */
  readonly rows: number;
  /** Rows in all tables that nobody can see any more, and that no vacuum has removed yet. */
  readonly deadRows: number;
}

export async function readSizes(client: pg.Client, seconds: number): Promise<Sizes> {
  const { rows } = await client.query<Omit<Sizes, "seconds">>(
    `select sum(pg_table_size(relid))::float8 as "tableBytes", sum(pg_indexes_size(relid))::float8 as "indexBytes",
       sum(n_live_tup) filter (where relname ~ '^(tickets|comments|timesheets)(_deleted)?$')::float8 as rows,
       sum(n_dead_tup)::float8 as "deadRows"
     from pg_stat_user_tables
     where schemaname = any($1)`,
    [[SCHEMA, `${SCHEMA}_jobs`]],
  );
  return { seconds, ...(rows[0] ?? { tableBytes: 0, indexBytes: 0, rows: 0, deadRows: 0 }) };
}
