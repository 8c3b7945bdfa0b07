import { type Backend, distributed, partitioned } from "./backend.ts";
import type { Database, Queryable } from "./database.ts";

/**
 * A condition that a table consists of others or is part of one: by declarative partitioning, or by inheritance as
 * TimescaleDB's hypertables do.
 *
 * @param table the alias of its row of pg_class
 */
export function isDivided(table: string): string {
  return `(${table}.relkind = 'p' or exists (select from pg_inherits where ${table}.oid in (inhparent, inhrelid)))`;
}

/**
 * What can be done with a table.
 *
 * @param database the profile of the database
 * @param table quoted and with its schema
 */
export async function readTableBackend(
  queryable: Queryable,
  database: Backend,
  table: string,
): Promise<Backend> {
  const { rows } = await queryable.query<{ divided: boolean; citus: boolean }>(
    `select ${isDivided("c")} as "divided", ${HAS_CITUS} as "citus" from pg_class c where c.oid = $1::text::regclass`,
    [table],
  );
  const backend = rows[0]?.divided === true ? partitioned(database) : database;
  const column = rows[0]?.citus === true ? await readDistributionColumn(queryable, table) : undefined;
  return column === undefined ? backend : distributed(backend, column);
}

/** A condition that the database has the extension Citus. */
const HAS_CITUS = "to_regclass('pg_catalog.pg_dist_partition') is not null";

/** Whether the database has the extension that spreads tables over servers. */
export async function hasCitus(queryable: Queryable): Promise<boolean> {
  const { rows } = await queryable.query<{ citus: boolean }>(`select ${HAS_CITUS} as "citus"`);
  return rows[0]?.citus === true;
}

/** What pg-boss takes the database for. */
export async function readJobsBackend(database: Database): Promise<Backend["jobs"]> {
  return (await hasCitus(database)) ? "citus" : database.backend.jobs;
}

/** The column by which a table is distributed; undefined when it is not. The database has to have Citus. */
async function readDistributionColumn(queryable: Queryable, table: string): Promise<string | undefined> {
  const { rows } = await queryable.query<{ column: string }>(
    `select column_to_column_name(logicalrelid, partkey) as "column"
     from pg_catalog.pg_dist_partition where logicalrelid = $1::text::regclass and partmethod = 'h'`,
    [table],
  );
  return rows[0]?.column;
}
