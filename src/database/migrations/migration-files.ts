import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

/** The folder next to src/ (in a checkout) or dist/ (in the package). */
const MIGRATIONS = new URL("../../../migrations/", import.meta.url);

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

const CREATED_TABLE = /^create table (\w+)/gim;

/** One numbered file of SQL. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
}

let migrations: readonly Migration[] | undefined;

/**
 * All migrations, in order. They are read once, because they are those of the code that runs, and each load asks; and in one
 * go, which takes a third of the time that reading each on its own and waiting for it takes.
 */
export function readMigrations(): readonly Migration[] {
  migrations ??= readdirSync(MIGRATIONS)
    .filter((file) => FILE_NAME.test(file))
    .sort()
    .map(readMigration);
  return migrations;
}

function readMigration(file: string): Migration {
  const [, version = "", name = ""] = FILE_NAME.exec(file) ?? [];
  const sql = readFileSync(new URL(file, MIGRATIONS), "utf8");
  return { version: Number(version), name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
}

/** The names of the tables that migrations create. */
export function createdTables(migrations: readonly Migration[]): readonly string[] {
  return migrations.flatMap(({ sql }) => Array.from(sql.matchAll(CREATED_TABLE), ([, table = ""]) => table));
}
