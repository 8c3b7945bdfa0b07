import { databaseSettings } from "../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../src/config/read-settings.ts";
import { migrate } from "../../src/database/migrations.ts";
import { openDatabase } from "../../src/database/open-database.ts";

/** Creates or updates the tables, as `otc-etl migrate`. */
export async function migrateBy(env: Environment): Promise<void> {
  const database = await openDatabase(databaseSettings(readSettings(env)));
  try {
    await migrate(database, () => undefined);
  } finally {
    await database.close();
  }
}
