import type { Transaction } from "./database.ts";

/**
 * Takes a lock by name until the transaction ends, without waiting. Locks belong to the database, so the schema is
 * part of the name.
 *
 * @param mode `shared` can be held by many, but not beside an `exclusive`
 * @returns whether it was free
 */
export async function tryLock(
  transaction: Transaction,
  schema: string,
  name: string,
  mode: "exclusive" | "shared",
): Promise<boolean> {
  const suffix = mode === "shared" ? "_shared" : "";
  const result = await transaction.query<{ taken: boolean }>(
    `select pg_try_advisory_xact_lock${suffix}(hashtextextended($1, 0)) as taken`,
    [`otc-etl/${schema}/${name}`],
  );
  return result.rows[0]?.taken === true;
}

/** Held `exclusive` by a migration and `shared` by everything that relies on the tables staying as they are. */
export const MIGRATION_LOCK = "migrations";
