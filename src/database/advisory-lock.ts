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

/** Of pg_locks: locks with a key of 64 bits that a session holds in this database. */
const HELD = `locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())`;

/** pg_locks shows the key as two halves (https://www.postgresql.org/docs/current/view-pg-locks.html). */
const LOCK_KEY = "((classid::bigint << 32) | objid::bigint)";

/** Which of these locks a session holds, in one query and without taking them. */
export async function heldLocks(database: Queryable, names: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ name: string }>(
    `select name
     from unnest($1::text[], $2::text[]) as wanted (name, key)
     where exists (select from pg_locks where ${HELD} and ${LOCK_KEY} = hashtextextended(key, 0))`,
    [names, names.map((name) => keyOf(database.schema, name))],
  );
  return new Set(rows.map(({ name }) => name));
}

/** The distinct server processes that hold one of these locks. */
export async function lockHolders(database: Queryable, names: readonly string[]): Promise<readonly number[]> {
  const { rows } = await database.query<{ pid: number }>(
    `select distinct pid
     from pg_locks
     where ${HELD} and ${LOCK_KEY} in (select hashtextextended(name, 0) from unnest($1::text[]) as name)`,
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
