import type { Queryable } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import type { View } from "../views/view.ts";

/** How much time one partition may cover. */
export const PERIODS = ["month"] as const;

/** How a view's table is divided by `migrate --partition`. */
export interface Division {
  /** A timestamp column of the view's key, unquoted. */
  readonly column: string;
  readonly period: (typeof PERIODS)[number];
  /** The zone in which a period begins and ends. */
  readonly timeZone: string;
}

/**
 * The most periods for which one document gets partitions: those with the most records. Each partition and each of its
 * indexes takes a lock until the load ends, and a server has room for some thousands.
 */
const MOST_PERIODS = 240;

function divisionsTable(schema: string): string {
  return qualifiedName(schema, "etl_partitions");
}

/** How `migrate --partition` has divided a view's table; undefined when it has not. */
export async function readDivision(queryable: Queryable, view: View): Promise<Division | undefined> {
  const { rows } = await queryable.query<Division>(
    `select column_name as "column", period, time_zone as "timeZone"
     from ${divisionsTable(queryable.schema)} where view_name = $1`,
    [view.name],
  );
  return rows[0];
}

/** Records how a view's table is divided; `createPartitions` follows it. */
export async function recordDivision(
  queryable: Queryable,
  view: View,
  { column, period, timeZone }: Division,
): Promise<void> {
  await queryable.query(
    `insert into ${divisionsTable(queryable.schema)} as known (view_name, table_name, column_name, period, time_zone)
     values ($1, $2, $3, $4, $5)
     on conflict (view_name) do update
     set table_name = excluded.table_name, column_name = excluded.column_name, period = excluded.period,
       time_zone = excluded.time_zone, created_at = now()`,
    [view.name, view.table, column, period, timeZone],
  );
}

/**
 * Creates the partitions that rows need and that the view's table lacks. Nothing is created where another program covers
 * the period, and nothing for a table that `migrate --partition` has not divided.
 *
 * @param rows the table with the rows, quoted, or a subquery with its alias
 * @returns the names of the new partitions
 */
export async function createPartitions(
  queryable: Queryable,
  view: View,
  rows: string,
): Promise<readonly string[]> {
  const division = await readDivision(queryable, view);
  if (division === undefined) return [];
  const { period, timeZone } = division;
  const column = quoteIdentifier(division.column);
  const created = await queryable.query<{ names: readonly string[] }>(
    `select ${qualifiedName(queryable.schema, "create_partitions")}($1, array(
       select date_trunc($2, moment, $3)
       from (select ${column} as moment, count(*) as records from ${rows} group by 1) counted
       where isfinite(moment)
       group by 1 order by sum(records) desc limit ${MOST_PERIODS}
     )) as "names"`,
    [view.name, period, timeZone],
  );
  return created.rows[0]?.names ?? [];
}

/** Whether the role may create partitions for loads. */
export async function mayCreatePartitions(queryable: Queryable): Promise<boolean> {
  const { rows } = await queryable.query<{ may: boolean }>(
    "select has_function_privilege($1, 'EXECUTE') as may",
    [`${qualifiedName(queryable.schema, "create_partitions")}(text, timestamptz[])`],
  );
  return rows[0]?.may === true;
}
