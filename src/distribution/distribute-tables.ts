import { readFile } from "node:fs/promises";
import { DatabaseError } from "../database/database-error.ts";
import type { Database, Queryable, Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { lockMigrations } from "../database/migrations/migrations.ts";
import { hasCitus, readTableBackend } from "../database/table-backend.ts";
import { OtcError } from "../errors/otc-error.ts";
import { formatNumberOf } from "../format/format.ts";
import type { Distribution, View } from "../views/view.ts";

/** What became of the table of a view. */
export interface DistributedTable {
  readonly view: string;
  readonly column: string;
  readonly rows: number;
  /** Whether it was distributed before, and nothing was done. */
  readonly wasDistributed: boolean;
}

/** Tables that every server has as a whole, because reports join them with those of the views. */
const REFERENCE_TABLES = ["teams", "user_lookup", "inactive_statuses"];

/** So many shards for each worker keep all of them busy, and leave room for more workers. */
const SHARDS_PER_WORKER = 4;

/** What the reports are made of, where rows are on several servers. */
const REPORTS = new URL("../../migrations/distributed/reports.sql", import.meta.url);

/**
 * Spreads the tables of the views over the servers of Citus, with their rows, in one transaction. Queries of the tables wait
 * until it is done. What is distributed already stays as it is.
 *
 * @throws OtcError `migration` with the reason when a table cannot be distributed; `locked` while a load is running
 */
export async function distributeTables(
  database: Database,
  views: readonly View[],
  signal: AbortSignal,
): Promise<readonly DistributedTable[]> {
  try {
    return await database.transaction(
      (transaction) => distributeWithin(transaction, database, views),
      signal,
    );
  } catch (error) {
    if (!(error instanceof DatabaseError) || !(error.isObjection || error.sqlState === "42501")) throw error;
    throw new OtcError("migration", `The tables could not be distributed. ${error.message}`, {
      remedy: "Nothing was changed. Change what the message names, and try again.",
      cause: error,
    });
  }
}

async function distributeWithin(
  transaction: Transaction,
  { backend, location }: Database,
  views: readonly View[],
): Promise<readonly DistributedTable[]> {
  if (!(await hasCitus(transaction))) {
    throw new OtcError("migration", `${location} does not have the extension Citus.`, {
      remedy:
        "On the coordinator and on each worker, run `create extension citus` in the database, then `citus_set_coordinator_host` and `citus_add_node`; docs/scaling.md has the steps.",
    });
  }
  await requirePlainSchema(transaction);
  await lockMigrations(transaction);
  await requireCoordinator(transaction);
  await transaction.query("select set_config('citus.multi_shard_modify_mode', 'sequential', true)");
  await chooseShardCount(transaction);
  // First: Citus refuses a table that a view reads directly and by a function.
  await replaceReports(transaction);
  const done: DistributedTable[] = [];
  for (const view of views) {
    const { distribution } = view;
    if (distribution === undefined) continue;
    const table = qualifiedName(transaction.schema, view.table);
    const { name } = await readTableBackend(transaction, backend, table);
    const wasDistributed = name === "distributed";
    if (name === "partitioned") throw isPartitioned(view);
    const rows = wasDistributed ? 0 : await distribute(transaction, view, distribution, table);
    done.push({ view: view.name, column: distribution.column, rows, wasDistributed });
  }
  if (done.every(({ wasDistributed }) => wasDistributed)) return done;
  for (const name of REFERENCE_TABLES) await shareTable(transaction, qualifiedName(transaction.schema, name));
  return done;
}

/** Citus sends the servers some names of schemas without quotes. */
async function requirePlainSchema(transaction: Transaction): Promise<void> {
  const { rows } = await transaction.query<{ plain: boolean }>(`select quote_ident($1) = $1 as "plain"`, [
    transaction.schema,
  ]);
  if (rows[0]?.plain === true) return;
  throw new OtcError(
    "migration",
    `The schema ${quoteIdentifier(transaction.schema)} cannot be distributed: its name has to be quoted in SQL, and Citus does not do so everywhere.`,
    { remedy: "Rename the schema to lower-case letters, digits and underscores, and set OTC_PG_SCHEMA." },
  );
}

function isPartitioned(view: View): OtcError {
  return new OtcError(
    "migration",
    `${view.name} cannot be distributed: its table is partitioned, and a load could not create the partitions of a distributed one.`,
    { remedy: "Nothing was changed. Tables that are to be distributed must not be partitioned." },
  );
}

/** Reference tables are joined with the local tables on the coordinator, which has to be known as a server for that. */
async function requireCoordinator(transaction: Transaction): Promise<void> {
  const { rows } = await transaction.query<{ known: boolean; workers: number }>(
    `select coalesce(bool_or(groupid = 0), false) as "known", count(*) filter (where groupid <> 0) as "workers"
     from pg_catalog.pg_dist_node where isactive`,
  );
  if (rows[0]?.known === true && rows[0].workers > 0) return;
  throw new OtcError(
    "migration",
    rows[0]?.known === true
      ? "Citus does not know any worker."
      : "Citus does not know the address of the coordinator.",
    {
      remedy:
        rows[0]?.known === true
          ? "Add each with `select citus_add_node('<host>', <port>)`."
          : "Run `select citus_set_coordinator_host('<host>', <port>)` with the address by which the workers reach it.",
    },
  );
}

/**
 * Makes fewer shards than Citus by default, unless somebody has set their number: each statement of a load goes to all shards,
 * and each of its tables is created on all of them.
 */
async function chooseShardCount(transaction: Transaction): Promise<void> {
  await transaction.query(
    `select set_config('citus.shard_count', (${SHARDS_PER_WORKER} * workers)::text, true)
     from (select count(*) as workers from pg_catalog.pg_dist_node where isactive and shouldhaveshards) as cluster
     where workers > 0 and exists (select from pg_settings where name = 'citus.shard_count' and source = 'default')`,
  );
}

/** @returns how many rows were moved */
async function distribute(
  transaction: Transaction,
  view: View,
  { column, with: neighbour }: Distribution,
  table: string,
): Promise<number> {
  await transaction.query(`lock table ${table} in access exclusive mode`);
  const name = quoteIdentifier(column);
  const { rows } = await transaction.query<{ all: number; without: number }>(
    `select count(*) as "all", count(*) - count(${name}) as "without" from ${table}`,
  );
  const { all = 0, without = 0 } = rows[0] ?? {};
  if (without > 0) {
    throw new OtcError(
      "migration",
      `${view.name} cannot be distributed by ${column}: ${formatNumberOf(without, "row")} of ${view.table} ${without === 1 ? "has" : "have"} no value in it, so that no server can be found for ${without === 1 ? "it" : "them"}.`,
      {
        remedy: `Nothing was changed. Move these rows to a table of your own first: create table … as select * from ${table} where ${name} is null; delete from ${table} where ${name} is null;`,
      },
    );
  }
  await extendKeys(transaction, table, column);
  await dropGuards(transaction, table);
  await transaction.query("select create_distributed_table($1::text::regclass, $2, colocate_with => $3)", [
    table,
    column,
    neighbour === undefined ? "none" : qualifiedName(transaction.schema, neighbour),
  ]);
  if (all > 0) {
    await transaction.query("select truncate_local_data_after_distributing_table($1::text::regclass)", [
      table,
    ]);
  }
  return all;
}

/** Our own triggers; those of others are a reason for Citus to refuse the table. */
async function dropGuards(transaction: Transaction, table: string): Promise<void> {
  const { rows } = await transaction.query<{ trigger: string }>(
    `select quote_ident(tgname) as "trigger"
     from pg_trigger join pg_proc on pg_proc.oid = tgfoid
     where tgrelid = $1::text::regclass and proname in ('clear_fingerprint', 'count_write')
       and pronamespace = (select oid from pg_namespace where nspname = $2)`,
    [table, transaction.schema],
  );
  for (const { trigger } of rows) await transaction.query(`drop trigger ${trigger} on ${table}`);
}

/** A unique constraint of a distributed table contains the distribution column. */
async function extendKeys(transaction: Transaction, table: string, column: string): Promise<void> {
  const { rows } = await transaction.query<{ name: string; columns: string; primary: boolean }>(
    `select conname as "name", contype = 'p' as "primary",
       (
         select string_agg(quote_ident(attname), ', ' order by place)
         from unnest(conkey) with ordinality as part (attnum, place)
         join pg_attribute a on a.attrelid = conrelid and a.attnum = part.attnum
       ) as "columns"
     from pg_constraint
     where conrelid = $1::text::regclass and contype in ('p', 'u')
       and not exists (
         select from pg_attribute a where a.attrelid = conrelid and a.attname = $2 and a.attnum = any(conkey)
       )`,
    [table, column],
  );
  for (const { name, columns, primary } of rows) {
    const constraint = quoteIdentifier(name);
    await transaction.query(`alter table ${table} drop constraint ${constraint}`);
    await transaction.query(
      `alter table ${table} add constraint ${constraint} ${primary ? "primary key" : "unique"} (${columns}, ${quoteIdentifier(column)})`,
    );
  }
}

async function shareTable(transaction: Transaction, table: string): Promise<void> {
  const { rows } = await transaction.query(
    "select from pg_catalog.pg_dist_partition where logicalrelid = $1::text::regclass and partmethod = 'n'",
    [table],
  );
  if (rows.length > 0) return;
  await transaction.query("select create_reference_table($1::text::regclass)", [table]);
  await transaction.query("select truncate_local_data_after_distributing_table($1::text::regclass)", [table]);
}

/**
 * Replaces what reads the tables in a way that distributed ones do not allow, such as recursion. A migration may have
 * replaced it too, so it is done again after each.
 */
async function replaceReports(transaction: Transaction): Promise<void> {
  await transaction.query("select set_config('search_path', $1, true)", [
    quoteIdentifier(transaction.schema),
  ]);
  await transaction.script(await readFile(REPORTS, "utf8"));
}

/** To be called after migrations: they may have replaced the reports by such that distributed tables do not allow. */
export async function restoreReports(database: Database, views: readonly View[]): Promise<void> {
  if (!(await isDistributed(database, database, views))) return;
  await database.transaction(replaceReports);
}

/** Whether a view's table is distributed. */
async function isDistributed(
  queryable: Queryable,
  { backend }: Database,
  views: readonly View[],
): Promise<boolean> {
  if (!(await hasCitus(queryable))) return false;
  for (const view of views) {
    const { distributedBy } = await readTableBackend(
      queryable,
      backend,
      qualifiedName(queryable.schema, view.table),
    );
    if (distributedBy !== undefined) return true;
  }
  return false;
}
