import type { Database, Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { readMigrations } from "../database/migrations/migration-files.ts";
import { applyMigration, lockMigrations, wasMigrated } from "../database/migrations/migrations.ts";
import { OtcError } from "../errors/otc-error.ts";
import { writePinnedTimeZone } from "../runs/pinned-time-zone.ts";
import { keyColumns, type View } from "../views/view.ts";
import type { AdoptionStep } from "./adoption-step.ts";
import { attachForeignKeys, detachForeignKeys } from "./foreign-keys.ts";
import { moveRows } from "./move-rows.ts";
import { findOldTables, type OldTable, putBack, setAside } from "./old-table.ts";
import { reshapeColumns } from "./reshape-columns.ts";
import { reshapeConstraints } from "./reshape-constraints.ts";
import { readShape } from "./table-shape.ts";
import { RUN_TABLE, takeOverRuns, tryRuns } from "./take-over-runs.ts";

/** Options of the adoption. */
export interface AdoptOptions {
  readonly views: readonly View[];
  /** The time zone of old timestamps, which have none. */
  readonly zone: string;
  /** Make all changes, report them, and roll them back. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Thrown at the end of a dry run, so that the transaction is rolled back. */
class DryRunDone extends Error {}

/**
 * Turns the tables of an older script into tables that the migrations could have created, in one transaction and without
 * dropping anything. The migrations themselves define the target shape: each old table is renamed, the migration creates
 * its own table, that one is read and dropped, and the old table is changed to its shape. Later migrations are then
 * applied to the old table.
 *
 * @returns what was done; undefined when there is nothing to adopt
 * @throws OtcError `migration` when the schema cannot be adopted, with the reason; `locked` while a load is running
 */
export async function adopt(
  database: Database,
  options: AdoptOptions,
): Promise<readonly AdoptionStep[] | undefined> {
  let steps: readonly AdoptionStep[] | undefined;
  try {
    await database.transaction(async (transaction) => {
      steps = await adoptWithin(transaction, database.schema, options);
      if (options.dryRun) throw new DryRunDone();
    }, options.signal);
  } catch (error) {
    if (error instanceof DatabaseError && error.isObjection) {
      throw new OtcError("migration", `The schema cannot be adopted as it is. ${error.message}`, {
        remedy:
          "Nothing was changed. Rename or correct the object that the message names, and try `otc-etl migrate --adopt --dry-run` again.",
        cause: error,
      });
    }
    if (!(error instanceof DryRunDone)) throw error;
  }
  return steps;
}

async function adoptWithin(
  transaction: Transaction,
  schema: string,
  { views, zone }: AdoptOptions,
): Promise<readonly AdoptionStep[] | undefined> {
  await lockMigrations(transaction);
  if (await wasMigrated(transaction)) return undefined;
  const names = await findOldTables(transaction, [...views.map(({ table }) => table), RUN_TABLE]);
  if (names.length === 0) return undefined;

  await transaction.query("select set_config('search_path', $1, true)", [quoteIdentifier(schema)]);
  // When a table is rewritten, its rows keep their order, which shows which of two was inserted later.
  await transaction.query("select set_config('synchronize_seqscans', 'off', true)");

  const steps: AdoptionStep[] = [];
  const before = await tableNames(transaction, schema);
  const aside = new Map<string, OldTable>();
  for (const name of names) aside.set(name, await setAside(transaction, name));
  for (const migration of readMigrations()) {
    await applyMigration(transaction, migration);
    for (const name of await tableNames(transaction, schema)) {
      const old = aside.get(name);
      if (old === undefined) continue;
      aside.delete(name);
      await reshape(transaction, schema, old, { views, zone }, steps);
    }
  }
  await writePinnedTimeZone(transaction, zone);
  for (const old of aside.values()) await putBack(transaction, old);
  for (const table of await tableNames(transaction, schema)) {
    const moved = steps.some(({ change, subject }) => change === "rows_moved" && subject === table);
    if (before.includes(table) || moved) continue;
    steps.push({ table, change: "table_created", subject: table, rows: null, detail: null });
  }
  return steps;
}

/** Replaces the table that a migration has just created by the old table, and gives it the same shape. */
async function reshape(
  transaction: Transaction,
  schema: string,
  old: OldTable,
  { views, zone }: Pick<AdoptOptions, "views" | "zone">,
  steps: AdoptionStep[],
): Promise<void> {
  const table = qualifiedName(schema, old.name);
  const report = (step: Omit<AdoptionStep, "table">): void => {
    steps.push({ table: old.name, ...step });
  };
  const model = await readShape(transaction, table);
  const foreignKeys = await detachForeignKeys(transaction, table);
  await transaction.query(`drop table ${table}`);
  await putBack(transaction, old);

  const columns = { old: (await readShape(transaction, table)).columns, model: model.columns };
  const view = views.find((candidate) => candidate.table === old.name);
  const keys = view === undefined ? [] : keyColumns(view).map(({ name }) => name);
  await reshapeColumns(transaction, { schema, table, keys, zone }, columns, report);
  if (view === undefined) await takeOverRuns(transaction, report);
  else await moveRows(transaction, view, report);
  await reshapeConstraints(transaction, table, { old: await readShape(transaction, table), model }, report);
  if (view === undefined) await tryRuns(transaction);
  await attachForeignKeys(transaction, foreignKeys);
  await transaction.query(`analyze ${table}`);
}

async function tableNames(transaction: Transaction, schema: string): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ name: string }>(
    `select relname as "name"
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relkind in ('r', 'p')
     order by relname`,
    [schema],
  );
  return rows.map(({ name }) => name);
}
