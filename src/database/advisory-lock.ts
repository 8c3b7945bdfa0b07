import type { Queryable, Transaction } from "./database.ts";

/**
 * Takes a lock by name until the transaction ends, without waiting. Locks belong to the database, so that the key
 * contains the schema.
 *
 * @param mode several transactions can hold a lock `shared`, but not while another holds it `exclusive`
 * @returns whether it was free
 */
export async function tryLock(
  transaction: Transaction,
  name: string,
  mode: "exclusive" | "shared",
): Promise<boolean> {
  const suffix = mode === "shared" ? "_shared" : "";
  const result = await transaction.query<{ taken: boolean }>(
    `select pg_try_advisory_xact_lock${suffix}(hashtextextended($1, 0)) as taken`,
    [keyOf(transaction.schema, name)],
  );
  return result.rows[0]?.taken === true;
}

/** Whether a session holds a lock, without taking it. */
export async function isLocked(database: Queryable, name: string): Promise<boolean> {
  return (await lockHolders(database, [name])).length > 0;
}

/** The distinct server processes that hold one of these locks. */
export async function lockHolders(database: Queryable, names: readonly string[]): Promise<readonly number[]> {
  // pg_locks shows the key's 64 bits as two halves (https://www.postgresql.org/docs/current/view-pg-locks.html).
  const { rows } = await database.query<{ pid: number }>(
    `select distinct pid
     from pg_locks
     where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and (classid::bigint << 32) | objid::bigint
         in (select hashtextextended(name, 0) from unnest($1::text[]) as name)`,
    [names.map((name) => keyOf(database.schema, name))],
  );
  return rows.map(({ pid }) => pid);
}

function keyOf(schema: string, name: string): string {
  return `otc-etl/${schema}/${name}`;
}

/** The lock that a load holds until its transaction ends. */
export function viewLock(view: string): string {
  return `view/${view}`;
}

/** A migration holds it `exclusive`. Everything that relies on the structure of the tables holds it `shared`. */
export const MIGRATION_LOCK = "migrations";
