import { cpSync, rmSync } from "node:fs";
import { type Logger, pino } from "pino";
import { describe, inject, onTestFinished, test } from "vitest";
import { databaseSettings } from "../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../src/config/read-settings.ts";
import type { Database, Parameter } from "../../src/database/database.ts";
import { migrate } from "../../src/database/migrations/migrations.ts";
import { qualifiedName } from "../../src/database/identifier.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { Loader } from "../../src/loader/loader.ts";
import { CITUS_SCHEMA, CITUS_VARIABLE, createCitusDatabase } from "./citus.ts";
import { SCHEMAS } from "./database-templates.ts";
import { type PooledEmbedded, returnEmbedded, takeEmbedded } from "./embedded-pool.ts";
import type { ProvidedPostgres } from "./global-setup.ts";
import { applyUpTo } from "./migrate-by.ts";
import { POSTGRES_MAJORS } from "./postgres-binaries.ts";
import { createTestDatabase } from "./postgres-database.ts";
import { scratchFolderSync } from "./scratch-folder.ts";

/** One of the databases that the same tests run on. */
export interface Target {
  readonly name: string;
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  /**
   * An empty database of the test's own, migrated unless asked otherwise. It ends with the test. The embedded one is never
   * at its first start, which takes seconds; the test of the demo sees that.
   *
   * An embedded one is mostly that of the last test, emptied (see `takeEmbedded`), and this process has it open. A test that
   * asks for `env` before anything else gets a directory of its own, which another process can open.
   */
  fresh(options?: { readonly migrated?: boolean }): Promise<DatabaseUnderTest>;
}

/** A database that one test has for itself. */
export interface DatabaseUnderTest {
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  /** What otc-etl reads to find it. Of an embedded one, ask for this before `open` and `sql`: they lock the directory. */
  readonly env: Environment;
  /** A loader on it, closed at the end of the test. The embedded one takes one at a time. */
  open(env?: Environment, log?: Logger): Loader;
  /**
   * Runs one statement beside the loader. A loader with an open transaction on the embedded database has to end it first:
   * there is only one session.
   */
  sql<Row = Readonly<Record<string, unknown>>>(
    text: string,
    parameters?: readonly Parameter[],
  ): Promise<readonly Row[]>;
  /** Creates or updates the tables, no further than the migration of this number if one is given. */
  migrate(upTo?: number): Promise<void>;
  /** A table's quoted name, with its schema. */
  table(name: string): string;
}

/** Where a database of one test is, and how it is opened. */
interface Place {
  /** What a process of its own reads to find the database. */
  readonly env: Environment;
  /** What a loader in this process reads. */
  readonly loaderEnv: Environment;
  /** Opens the database for a loader. */
  readonly open: typeof openDatabase;
  /** What runs statements beside the loaders; undefined where nothing can, because the directory is locked by one. */
  beside(): Promise<Database | undefined>;
  /** Throws when somebody is still connected. */
  remove(): Promise<void>;
}

/** Where databases of one kind come from. */
interface Origin {
  readonly name: string;
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  /** An empty database, or a copy of the migrated one that `globalSetup` made. */
  create(migrated: boolean): Promise<Place>;
}

/**
 * A `describe` for each database otc-etl supports: embedded, PostgreSQL 18, and 15 with a schema whose name needs
 * quoting. Where a server is not installed its tests count as skipped, and stderr says so.
 *
 * @param only leaves out the databases for which it is false; see `onOldest` and `onOldestAndEmbedded`
 * @example
 * describeEachDatabase("a first load", (target) => {
 *   test("inserts every record", async () => {
 *     const database = await target.fresh();
 *     …
 *   });
 * });
 */
export function describeEachDatabase(
  title: string,
  body: (target: Target) => void,
  only: (target: Pick<Target, "name" | "engine" | "schema">) => boolean = () => true,
): void {
  const servers = inject("postgres");
  const origins: (Origin | string)[] = [
    embeddedOrigin(),
    ...POSTGRES_MAJORS.map((major) => {
      const server = servers.find((candidate) => candidate.major === major);
      return server === undefined ? `PostgreSQL ${major}` : serverOrigin(server);
    }),
  ];
  for (const origin of origins) {
    if (typeof origin === "string" || only(origin)) describeOn(origin, title, body);
  }
}

/**
 * For details that no database does in its own way, because other tests run their statements everywhere: the oldest version,
 * in a schema whose name needs quoting.
 */
export const onOldest = ({ name }: Pick<Target, "name">): boolean => name === "PostgreSQL 15";

/** For what depends on the engine and not on the version: the embedded database is one of version 18. */
export const onOldestAndEmbedded = ({ name }: Pick<Target, "name">): boolean => name !== "PostgreSQL 18";

/** A `describe` for tables that are distributed over the servers of a Citus cluster, if one is configured. */
export function describeDistributed(title: string, body: (target: Target) => void): void {
  describeOn(citusOrigin() ?? `Citus (${CITUS_VARIABLE} names a coordinator)`, title, body);
}

/** @param origin what is missing, if it is not there */
function describeOn(origin: Origin | string, title: string, body: (target: Target) => void): void {
  if (typeof origin === "string") {
    process.stderr.write(`SKIPPED "${title}" on ${origin}: it is not installed here\n`);
    describe.skip(`${title} (${origin})`, () => {
      test(`needs ${origin}`, () => undefined);
    });
  } else {
    describe(`${title} (${origin.name})`, () => {
      body(targetOf(origin));
    });
  }
}

function serverOrigin({ major, url, template }: ProvidedPostgres): Origin {
  const schema = SCHEMAS[major];
  return {
    name: `PostgreSQL ${major}`,
    engine: "postgres",
    schema,
    create: async (migrated) =>
      serverPlace(await createTestDatabase(url, migrated ? { template } : {}), schema),
  };
}

/** A database of a server, in which any number of sessions can be open. */
function serverPlace(server: { readonly url: string; drop(): Promise<void> }, schema: string): Place {
  const env = { OTC_DATABASE_URL: server.url, OTC_PG_SCHEMA: schema };
  let beside: Promise<Database> | undefined;
  return {
    env,
    loaderEnv: env,
    open: openDatabase,
    beside: () => (beside ??= openDatabase(databaseSettings(readSettings(env)))),
    remove: async () => {
      await (await beside)?.close();
      await server.drop();
    },
  };
}

/** A migrated database is distributed; one that is not migrated can be. */
function citusOrigin(): Origin | undefined {
  const citus = inject("citus");
  if (citus === null) return undefined;
  return {
    name: "Citus",
    engine: "postgres",
    schema: CITUS_SCHEMA,
    create: async (migrated) => serverPlace(await createCitusDatabase(citus, migrated), CITUS_SCHEMA),
  };
}

function embeddedOrigin(): Origin {
  const templates = inject("embedded");
  return {
    name: "embedded",
    engine: "embedded",
    schema: SCHEMAS.embedded,
    create: (migrated) => Promise.resolve(new EmbeddedPlace(migrated ? templates.migrated : templates.empty)),
  };
}

/** A directory that is opened by whoever uses it, also by another process. */
function directoryPlace(directory: string): Place {
  const env = { OTC_DATA_DIR: directory };
  return {
    env,
    loaderEnv: env,
    open: openDatabase,
    beside: () => Promise.resolve(undefined),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

/** An embedded database of this process, unless the test asks for `env` first: then a directory of the test's own. */
class EmbeddedPlace implements Place {
  readonly #template: string;
  #own: Place | undefined;
  #pooled: PooledEmbedded | undefined;

  constructor(template: string) {
    this.#template = template;
  }

  get env(): Environment {
    if (this.#pooled !== undefined) {
      throw new Error("Ask for `env` before `open` and `sql`: this process has the directory open by now.");
    }
    this.#own ??= directoryPlace(copyOf(this.#template));
    return this.#own.env;
  }

  get loaderEnv(): Environment {
    return this.#own?.loaderEnv ?? { OTC_DATA_DIR: this.#taken().dataDir };
  }

  readonly open: typeof openDatabase = (settings, options) =>
    this.#own?.open(settings, options) ?? this.#taken().open(settings);

  beside(): Promise<Database | undefined> {
    return this.#own?.beside() ?? this.#taken().database();
  }

  async remove(): Promise<void> {
    await this.#own?.remove();
    if (this.#pooled !== undefined) await returnEmbedded(this.#pooled);
  }

  #taken(): PooledEmbedded {
    this.#pooled ??= takeEmbedded(this.#template);
    return this.#pooled;
  }
}

/** A thousand small files: one call each, without promises, takes a sixth of the time. */
function copyOf(template: string): string {
  const folder = scratchFolderSync();
  cpSync(template, folder, { recursive: true });
  return folder;
}

function targetOf(origin: Origin): Target {
  return {
    name: origin.name,
    engine: origin.engine,
    schema: origin.schema,
    fresh: async ({ migrated = true } = {}) => {
      const opened = new OpenedDatabase(origin, await origin.create(migrated));
      onTestFinished(() => opened.close());
      return opened;
    },
  };
}

class OpenedDatabase implements DatabaseUnderTest {
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  readonly #place: Place;
  readonly #loaders: Loader[] = [];

  constructor(origin: Origin, place: Place) {
    this.engine = origin.engine;
    this.schema = origin.schema;
    this.#place = place;
  }

  get env(): Environment {
    return this.#place.env;
  }

  open(env: Environment = {}, log: Logger = pino({ level: "silent" })): Loader {
    const { loaderEnv, open } = this.#place;
    const loader = new Loader({
      env: { ...FAST, ...loaderEnv, ...env },
      flags: {},
      log,
      openDatabase: open,
    });
    this.#loaders.push(loader);
    return loader;
  }

  async sql<Row>(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#beside(async (database) => (await database.query<Row>(text, parameters)).rows);
  }

  migrate(upTo?: number): Promise<void> {
    return this.#beside(async (database) => {
      if (upTo === undefined) await migrate(database, () => undefined);
      else await applyUpTo(upTo, database);
    });
  }

  table(name: string): string {
    return qualifiedName(this.schema, name);
  }

  async close(): Promise<void> {
    for (const loader of this.#loaders) await loader.close();
    await this.#place.remove();
  }

  /** Lends what is open beside the loaders, or else the database of a loader, or else one that is opened for this. */
  async #beside<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const open = (await this.#place.beside()) ?? (await firstOpen(this.#loaders));
    if (open !== undefined) return work(open);
    const database = await openDatabase(databaseSettings(readSettings(this.env)));
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }
}

/** The pace that protects OTC would only make tests slow; those about the pace set their own. */
const FAST: Environment = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_REQUESTS_PER_HOUR: "100000",
  OTC_RETRY_BASE_MS: "1",
};

/** The database of the first loader that could open it; a second one of an embedded database cannot. */
async function firstOpen(loaders: readonly Loader[]): Promise<Database | undefined> {
  for (const loader of loaders) {
    const database = await loader.database().catch(() => undefined);
    if (database !== undefined) return database;
  }
  return undefined;
}
