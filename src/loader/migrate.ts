import { restoreReports } from "../distribution/distribute-tables.ts";
import { migrate as applyMigrations, type MigrationState } from "../database/migrations/migrations.ts";
import { refreshDerived } from "../load/refresh-derived.ts";
import { viewCatalog } from "../views/catalog.ts";
import type { Loader } from "./loader.ts";

/**
 * Brings the tables up to date: applies the migrations that the database lacks, then fills the derived tables from
 * the existing rows. Only this creates an embedded database.
 *
 * @returns the migrations applied now
 * @throws OtcError `locked` while a load or another migration is running; `migration` when the database does not fit;
 * `database`
 */
export async function migrate(loader: Loader, signal: AbortSignal): Promise<readonly MigrationState[]> {
  const database = await loader.database({ create: true });
  const applied = await applyMigrations(database, ({ version, name }) => {
    loader.log.info({ version, migration: name }, "migration applied");
  });
  if (applied.length > 0) {
    await restoreReports(database, await viewCatalog());
    await fillDerived(loader, signal);
  }
  return applied;
}

/**
 * Fills the derived tables of all views. It uses a new transaction, because PostgreSQL does not use indexes that were
 * built over changed rows in the same transaction, and without them this takes minutes.
 */
export async function fillDerived(loader: Loader, signal: AbortSignal): Promise<void> {
  const { log } = loader;
  const database = await loader.database();
  const views = await viewCatalog();
  await database.transaction((transaction) => refreshDerived(transaction, views, { log, signal }), signal);
}
