import type { Backend } from "../../database/backend.ts";
import type { Transaction } from "../../database/database.ts";
import { quoteLiteral } from "../../database/identifier.ts";

/**
 * For the hash table of a join, and for sorting an index. A million rows of a view fit; more go to disk in parts, and a
 * server that is set to more keeps its own.
 */
const HASH_MEMORY = "128MB";
const SORT_MEMORY = "256MB";

/**
 * What the planner is to think of a page read by an index: hardly more than of one read in order, because a load has just
 * read the whole table. With the server's usual 4, it sorts all rows to find one in a hundred of them.
 */
const PAGE_COST = 1.1;

/** Settings under which tables of a view are compared by one hash join. */
const HASH_JOINS: Readonly<Record<string, string>> = {
  // The planner has no statistics for the expressions of the key, and would choose one of these, which take three times as long.
  enable_nestloop: "off",
  enable_mergejoin: "off",
};

/** Settings under which the rows of a table are found by an index for each key. */
const INDEX_LOOKUPS: Readonly<Record<string, string>> = {
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};

/**
 * Settings for the whole transaction: SET LOCAL by function, so that nothing outlives it.
 *
 * JIT compilation of a load's statements costs more than it saves, because each of them runs once.
 */
export async function setPlannerSettings(transaction: Transaction): Promise<void> {
  await transaction.query(
    `select set_config('jit', 'off', true),
       set_config('random_page_cost', least(current_setting('random_page_cost')::float8, $3::float8)::text, true),
       set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), pg_size_bytes($1)) / 1024 || 'kB', true),
       set_config('maintenance_work_mem',
         greatest(pg_size_bytes(current_setting('maintenance_work_mem')), pg_size_bytes($2)) / 1024 || 'kB', true)`,
    [HASH_MEMORY, SORT_MEMORY, PAGE_COST],
  );
}

/** Changes the settings that a load of such a table needs, until the transaction ends. */
export async function setBackendSettings(
  transaction: Transaction,
  { settings, toldSettings }: Backend,
): Promise<void> {
  await changeSettings(transaction, settings);
  if (toldSettings.length === 0) return;
  const { rows } = await transaction.query<{ name: string; value: string }>(
    `select name, current_setting(name) as "value" from unnest($1::text[]) as name`,
    [toldSettings],
  );
  await changeSettings(transaction, Object.fromEntries(rows.map(({ name, value }) => [name, value])));
}

/** Changes settings until the transaction ends. */
async function changeSettings(
  transaction: Transaction,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  // Statements, because Citus sends these to its servers.
  for (const [name, value] of Object.entries(settings)) {
    await transaction.query(`set local ${name} = ${quoteLiteral(value)}`);
  }
}

/** Runs `work` under settings with which tables are joined by hash. */
export function withHashJoins<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  return withSettings(transaction, HASH_JOINS, work);
}

/** Runs `work` under settings with which the rows of a table are looked up in an index, one by one. */
export function withIndexLookups<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  return withSettings(transaction, INDEX_LOOKUPS, work);
}

async function withSettings<T>(
  transaction: Transaction,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  await changeSettings(transaction, settings);
  const result = await work();
  for (const name of Object.keys(settings)) await transaction.query(`set local ${name} to default`);
  return result;
}
