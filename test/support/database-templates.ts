import { cpSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { databaseSettings } from "../../src/config/database-settings.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { contentKey, fromCache } from "./folder-cache.ts";
import { guardianOf } from "./guardian.ts";
import { migrateBy } from "./migrate-by.ts";
import type { PostgresMajor } from "./postgres-binaries.ts";
import { createTestDatabase } from "./postgres-database.ts";
import { scratchFolder } from "./scratch-folder.ts";

/**
 * The schema of a test's tables. On one server it has to be quoted wherever it stands, so that the same tests pass there
 * as well.
 */
export const SCHEMAS = {
  embedded: "servicedesk",
  15: 'Service "Desk"; drop',
  18: "servicedesk",
} as const satisfies Readonly<Record<PostgresMajor | "embedded", string>>;

/** PGlite writes zeros into all its shared buffers at each start: for 128 MB, the default, that is half of the start. */
const EMBEDDED_CONFIGURATION = "shared_buffers = '16MB'\n";

/** So much that V8 optimizes no function of PGlite. Until the templates are made, it would not get the 1.2 s back. */
const NEVER_OPTIMIZED_WASM = "--wasm-tiering-budget=1000000000";

/** Directories of embedded databases to copy: to create one takes a hundred times longer. */
export interface EmbeddedTemplates {
  /** As its first start leaves it. */
  readonly empty: string;
  readonly migrated: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What decides what is in a new database. */
const SOURCES = [
  "migrations/*.sql",
  "src/database/**/*.ts",
  "test/support/{database-templates,migrate-by}.ts",
  "node_modules/@electric-sql/pglite/package.json",
];

/**
 * Makes the embedded databases that tests copy; they go with this process if `remove` is left out. To create them takes eight
 * seconds of CPU time, so a checkout keeps them in `node_modules` until something that decides about them changes.
 */
export async function makeEmbeddedTemplates(): Promise<EmbeddedTemplates & { remove(): Promise<void> }> {
  const folder = await scratchFolder();
  const guardian = guardianOf(folder);
  const [empty, migrated] = [join(folder, "empty"), join(folder, "migrated")];
  const create = async (): Promise<void> => {
    setFlagsFromString(NEVER_OPTIMIZED_WASM);
    await (
      await openDatabase(databaseSettings(readSettings({ OTC_DATA_DIR: empty })), { create: true })
    ).close();
    await appendFile(join(empty, "pgdata", "postgresql.conf"), EMBEDDED_CONFIGURATION);
    cpSync(empty, migrated, { recursive: true });
    await migrateBy({ OTC_DATA_DIR: migrated });
  };
  try {
    await fromCache(
      join(ROOT, "node_modules", ".cache", "otc-etl-tests"),
      contentKey(ROOT, SOURCES),
      folder,
      create,
    );
    return { empty, migrated, remove: () => guardian.release() };
  } catch (error) {
    await guardian.release();
    throw error;
  }
}

/**
 * Creates the migrated database that tests copy on a server. It goes with the server.
 *
 * @returns its name
 */
export async function makePostgresTemplate(major: PostgresMajor, serverUrl: string): Promise<string> {
  const { url, name } = await createTestDatabase(serverUrl);
  await migrateBy({ OTC_DATABASE_URL: url, OTC_PG_SCHEMA: SCHEMAS[major] });
  return name;
}
