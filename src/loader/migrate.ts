import { migrate as applyMigrations, type MigrationState } from "../database/migrations/migrations.ts";
import { viewCatalog } from "../views/catalog.ts";
import type { LoadContext } from "../load/load-context.ts";
import { refreshDerived } from "../load/refresh-derived.ts";

/** What migrating needs. */
export type MigrateContext = Pick<LoadContext, "database" | "log" | "signal">;

/**
 * Brings the tables up to date: applies the migrations that the database lacks, then fills the derived tables from
 * the existing rows.
 *
 * @returns the migrations applied now
 * @throws OtcError `locked` while a load or another migration is running; `migration` when the database does not fit
 */
export async function migrate(context: MigrateContext): Promise<readonly MigrationState[]> {
  const { database, log } = context;
  const applied = await applyMigrations(database, ({ version, name }) => {
    log.info({ version, migration: name }, "migration applied");
  });
  if (applied.length > 0) await fillDerived(context);
  return applied;
}

/**
 * Fills the derived tables of all views. It uses a new transaction, because PostgreSQL does not use indexes that were
 * built over changed rows in the same transaction, and without them this takes minutes.
 */
export async function fillDerived({ database, log, signal }: MigrateContext): Promise<void> {
  const views = await viewCatalog();
  await database.transaction((transaction) => refreshDerived(transaction, views, { log, signal }), signal);
}
