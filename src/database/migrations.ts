import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { OtcError } from "../errors/otc-error.ts";
import { MIGRATION_LOCK, tryLock } from "./advisory-lock.ts";
import type { Database, Queryable } from "./database.ts";
import { qualifiedName, quoteIdentifier } from "./identifier.ts";

/** The folder beside src/ (in a checkout) and dist/ (in the package). */
const MIGRATIONS = new URL("../../migrations/", import.meta.url);

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** One numbered file of SQL. */
interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
}

/** A migration and when the database got it. */
export interface MigrationState {
  readonly version: number;
  readonly name: string;
  readonly appliedAt: Date | null;
}

async function readMigrations(): Promise<readonly Migration[]> {
  const files = (await readdir(MIGRATIONS)).filter((file) => FILE_NAME.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const [, version = "", name = ""] = FILE_NAME.exec(file) ?? [];
      const sql = await readFile(new URL(file, MIGRATIONS), "utf8");
      return {
        version: Number(version),
        name,
        sql,
        checksum: createHash("sha256").update(sql).digest("hex"),
      };
    }),
  );
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

function ledgerOf(schema: string): string {
  return qualifiedName(schema, "etl_migrations");
}

/** What the database says it has got; empty when it was never migrated. */
async function readLedger(database: Queryable, schema: string): Promise<readonly AppliedMigration[]> {
  const ledger = ledgerOf(schema);
  const { rows } = await database.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [
    ledger,
  ]);
  if (rows[0]?.exists !== true) return [];
  const applied = await database.query<AppliedMigration>(
    `select version, name, checksum, applied_at from ${ledger} order by version`,
  );
  return applied.rows;
}

/** @throws OtcError `migration` when the database is newer than this otc-etl, or a file was changed after it was applied. */
function checkLedger(applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  for (const entry of applied) {
    const migration = known.find((candidate) => candidate.version === entry.version);
    if (migration === undefined) {
      throw new OtcError(
        "migration",
        `The database has migration ${entry.version} (${entry.name}), which this otc-etl does not know: ` +
          `it is newer than this otc-etl, which ends at ${known.at(-1)?.version ?? 0}.`,
        { remedy: "Use the otc-etl that migrated it, or a newer one." },
      );
    }
    if (migration.checksum !== entry.checksum) {
      throw new OtcError(
        "migration",
        `Migration ${entry.version} (${entry.name}) was changed after it was applied to this database.`,
        { remedy: "Restore the file as it was released; a change of the tables is a new migration." },
      );
    }
  }
}

/** Every known migration and whether the database has it. */
export async function migrationStatus(database: Database): Promise<readonly MigrationState[]> {
  const known = await readMigrations();
  const applied = await readLedger(database, database.schema);
  checkLedger(applied, known);
  return known.map(({ version, name }) => ({
    version,
    name,
    appliedAt: applied.find((entry) => entry.version === version)?.applied_at ?? null,
  }));
}

/**
 * Applies what the database lacks, each migration in a transaction of its own and under a lock.
 *
 * @param onApplied told after each
 * @returns the migrations applied now
 * @throws OtcError `locked` while a load or another migration is running
 */
export async function migrate(
  database: Database,
  onApplied: (migration: MigrationState) => void,
): Promise<readonly MigrationState[]> {
  const { schema } = database;
  const known = await readMigrations();
  const appliedNow: MigrationState[] = [];
  for (const migration of known) {
    const state = await database.transaction(async (transaction): Promise<MigrationState | undefined> => {
      if (!(await tryLock(transaction, schema, MIGRATION_LOCK, "exclusive"))) {
        throw new OtcError("locked", "A load or another migration is running in this schema.", {
          remedy: "Try again when it has ended; `otc-etl status` shows running loads.",
        });
      }
      await createLedger(transaction, schema);
      const applied = await readLedger(transaction, schema);
      checkLedger(applied, known);
      if (applied.some((entry) => entry.version === migration.version)) return undefined;

      // The files name no schema: what they create goes where the search path points.
      await transaction.query("select set_config('search_path', $1, true)", [quoteIdentifier(schema)]);
      await transaction.script(migration.sql);
      const { rows } = await transaction.query<{ applied_at: Date }>(
        `insert into ${ledgerOf(schema)} (version, name, checksum) values ($1, $2, $3) returning applied_at`,
        [migration.version, migration.name, migration.checksum],
      );
      return { version: migration.version, name: migration.name, appliedAt: rows[0]?.applied_at ?? null };
    });
    if (state !== undefined) {
      appliedNow.push(state);
      onApplied(state);
    }
  }
  return appliedNow;
}

/** An owner's schema that exists needs no right to create schemas in the database. */
async function createLedger(database: Queryable, schema: string): Promise<void> {
  const { rows } = await database.query<{ exists: boolean }>(
    "select exists (select from pg_namespace where nspname = $1) as exists",
    [schema],
  );
  if (rows[0]?.exists !== true)
    await database.query(`create schema if not exists ${quoteIdentifier(schema)}`);
  await database.query(
    `create table if not exists ${ledgerOf(schema)} (
       version integer primary key,
       name text not null,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  );
}

/**
 * Makes sure that the database is at exactly this version, before anything relies on its tables.
 *
 * @throws OtcError `migration`, saying what to type, when it is not
 */
export async function requireMigrated(database: Database): Promise<void> {
  const states = await migrationStatus(database);
  const pending = states.filter((state) => state.appliedAt === null);
  if (pending.length === 0) return;
  const never = pending.length === states.length;
  throw new OtcError(
    "migration",
    never
      ? `${capitalised(database.location)} has no otc-etl tables in schema ${quoteIdentifier(database.schema)}.`
      : `${capitalised(database.location)} lacks ${pending.length} of ${states.length} migrations.`,
    { remedy: "Run `otc-etl migrate` first." },
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
