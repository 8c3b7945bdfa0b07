import { type Backend, partitioned } from "./backend.ts";
import type { Queryable } from "./database.ts";

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
  const { rows } = await queryable.query<{ divided: boolean }>(
    `select ${isDivided("c")} as "divided" from pg_class c where c.oid = $1::text::regclass`,
    [table],
  );
  return rows[0]?.divided === true ? partitioned(database) : database;
}
