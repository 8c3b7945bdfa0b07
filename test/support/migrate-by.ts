import { databaseSettings } from "../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../src/config/read-settings.ts";
import type { Database } from "../../src/database/database.ts";
import { readMigrations } from "../../src/database/migrations/migration-files.ts";
import {
  applyMigration,
  lockMigrations,
  migrate,
  migrationStatus,
} from "../../src/database/migrations/migrations.ts";
import { openDatabase } from "../../src/database/open-database.ts";

/** Creates or updates the tables, as `otc-etl migrate`. */
export async function migrateBy(env: Environment): Promise<void> {
  await withDatabase(env, (database) => migrate(database, () => undefined));
}

/** Creates or updates the tables as an otc-etl left them whose newest migration was the one of this number. */
export async function migrateUpTo(version: number, env: Environment): Promise<void> {
  await withDatabase(env, (database) => applyUpTo(version, database));
}

/** The same in a database that is open. */
export async function applyUpTo(version: number, database: Database): Promise<void> {
  const states = await migrationStatus(database);
  const isDue = (due: number): boolean =>
    due <= version && states.some((state) => state.version === due && state.appliedAt === null);
  const migrations = readMigrations().filter((migration) => isDue(migration.version));
  await database.transaction(async (transaction) => {
    await lockMigrations(transaction);
    for (const migration of migrations) await applyMigration(transaction, migration);
  });
}

async function withDatabase(env: Environment, work: (database: Database) => Promise<unknown>): Promise<void> {
  const database = await openDatabase(databaseSettings(readSettings(env)), { create: true });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
