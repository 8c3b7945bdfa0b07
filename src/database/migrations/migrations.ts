import { OtcError } from "../../errors/otc-error.ts";
import { MIGRATION_LOCK, tryLock } from "../advisory-lock.ts";
import type { Database, Queryable, Transaction } from "../database.ts";
import { qualifiedName, quoteIdentifier } from "../identifier.ts";
import { createdTables, type Migration, readMigrations } from "./migration-files.ts";
import { splitStatements } from "./split-statements.ts";

/** A migration, and when it was applied to the database. */
export interface MigrationState {
  readonly version: number;
  readonly name: string;
  readonly appliedAt: Date | null;
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

/** The migrations recorded in the database; empty when it was never migrated. */
async function readLedger(database: Queryable): Promise<readonly AppliedMigration[]> {
  const ledger = ledgerOf(database.schema);
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
        { remedy: "Restore the file as it was released. A change of the tables needs a new migration." },
      );
    }
  }
}

/** Whether the database was ever migrated. */
export async function wasMigrated(database: Queryable): Promise<boolean> {
  return (await readLedger(database)).length > 0;
}

/** Every known migration, and whether the database has it. */
export async function migrationStatus(database: Database): Promise<readonly MigrationState[]> {
  const known = readMigrations();
  const applied = await readLedger(database);
  checkLedger(applied, known);
  return known.map(({ version, name }) => ({
    version,
    name,
    appliedAt: applied.find((entry) => entry.version === version)?.applied_at ?? null,
  }));
}

/**
 * Applies the missing migrations, each in its own transaction and under a lock.
 *
 * @param onApplied called after each migration
 * @returns the migrations applied now
 * @throws OtcError `locked` while a load or another migration is running
 */
export async function migrate(
  database: Database,
  onApplied: (migration: MigrationState) => void,
): Promise<readonly MigrationState[]> {
  const known = readMigrations();
  const appliedNow: MigrationState[] = [];
  for (const migration of known) {
    const state = await database.transaction(async (transaction): Promise<MigrationState | undefined> => {
      await lockMigrations(transaction);
      const applied = await readLedger(transaction);
      checkLedger(applied, known);
      if (applied.some((entry) => entry.version === migration.version)) return undefined;
      if (applied.length === 0) await refuseOtherTables(transaction, database, known);
      return applyMigration(transaction, migration);
    });
    if (state !== undefined) {
      appliedNow.push(state);
      onApplied(state);
    }
  }
  return appliedNow;
}

/**
 * Prevents loads and other migrations until the transaction ends.
 *
 * @throws OtcError `locked` while one is running
 */
export async function lockMigrations(transaction: Transaction): Promise<void> {
  if (await tryLock(transaction, MIGRATION_LOCK, "exclusive")) return;
  throw new OtcError("locked", "A load or another migration is running in this schema.", {
    remedy: "Try again when it has ended. `otc-etl status` shows running loads.",
  });
}

/** Applies one migration and records it in the ledger. It sets the search path until the transaction ends. */
export async function applyMigration(
  transaction: Transaction,
  migration: Migration,
): Promise<MigrationState> {
  await createLedger(transaction);
  // The files name no schema, so that the search path determines where they create tables.
  await transaction.query("select set_config('search_path', $1, true)", [
    quoteIdentifier(transaction.schema),
  ]);
  for (const statement of splitStatements(migration.sql)) await transaction.script(statement);
  const { rows } = await transaction.query<{ applied_at: Date }>(
    `insert into ${ledgerOf(transaction.schema)} (version, name, checksum) values ($1, $2, $3) returning applied_at`,
    [migration.version, migration.name, migration.checksum],
  );
  return { version: migration.version, name: migration.name, appliedAt: rows[0]?.applied_at ?? null };
}

/** Creates the schema only if it is missing, because the owner of a schema may lack the right to create schemas. */
async function createLedger(database: Queryable): Promise<void> {
  const { rows } = await database.query<{ exists: boolean }>(
    "select exists (select from pg_namespace where nspname = $1) as exists",
    [database.schema],
  );
  if (rows[0]?.exists !== true)
    await database.query(`create schema if not exists ${quoteIdentifier(database.schema)}`);
  await database.query(
    `create table if not exists ${ledgerOf(database.schema)} (
       version integer primary key,
       name text not null,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  );
}

/**
 * Checks a database that was never migrated.
 *
 * @throws OtcError `migration` when the schema has tables with names that migrations use
 */
async function refuseOtherTables(
  queryable: Queryable,
  { location, schema }: Database,
  known: readonly Migration[],
): Promise<void> {
  const { rows } = await queryable.query<{ name: string }>(
    `select relname as "name"
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relname = any($2::text[]) and relkind in ('r', 'p')
     order by relname`,
    [schema, createdTables(known)],
  );
  if (rows.length === 0) return;
  throw new OtcError(
    "migration",
    `${capitalised(location)} was never migrated, but schema ${quoteIdentifier(schema)} has tables already: ` +
      `${rows.map(({ name }) => name).join(", ")}.`,
    {
      remedy:
        "If an older script created them, run `otc-etl migrate --adopt --dry-run` to see what adopting them would do.",
    },
  );
}

/**
 * Ensures that the database has exactly this version, before anything relies on its tables.
 *
 * @throws OtcError `migration`, with the command to run, when it does not
 */
export async function requireMigrated(database: Database): Promise<void> {
  const states = await migrationStatus(database);
  const pending = states.filter((state) => state.appliedAt === null);
  if (pending.length === 0) return;
  const never = pending.length === states.length;
  if (never) await refuseOtherTables(database, database, readMigrations());
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
