import type pg from "pg";
import { SIMULATED_VIEWS } from "../../src/simulator/document.ts";
import { SCHEMA } from "./check-tables.ts";

/** The sizes of all tables of otc-etl together, those of the queue included. */
export interface Sizes {
  /** Since the beginning of the soak. */
  readonly seconds: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  /** Rows of the views and of their archives of missing rows, counted: a crash loses the server's own estimates. */
  readonly rows: number;
}

export async function readSizes(client: pg.Client, seconds: number): Promise<Sizes> {
  const tables = SIMULATED_VIEWS.flatMap((view) => [view, `${view}_deleted`]);
  const counts = tables.map((table) => `(select count(*) from ${SCHEMA}.${table})`);
  const { rows } = await client.query<Omit<Sizes, "seconds">>(
    `select sum(pg_table_size(relid))::float8 as "tableBytes", sum(pg_indexes_size(relid))::float8 as "indexBytes",
       (${counts.join(" + ")})::float8 as rows
     from pg_stat_user_tables
     where schemaname = any($1)`,
    [[SCHEMA, `${SCHEMA}_jobs`]],
  );
  return { seconds, ...(rows[0] ?? { tableBytes: 0, indexBytes: 0, rows: 0 }) };
}
