import { cpSync, rmSync } from "node:fs";
import { type Logger, pino } from "pino";
import { describe, inject, onTestFinished, test } from "vitest";
import { databaseSettings } from "../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../src/config/read-settings.ts";
import type { Database, Parameter } from "../../src/database/database.ts";
import { qualifiedName } from "../../src/database/identifier.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { Loader } from "../../src/loader/loader.ts";
import { CITUS_SCHEMA, CITUS_VARIABLE, createCitusDatabase } from "./citus.ts";
import { SCHEMAS } from "./database-templates.ts";
import type { ProvidedPostgres } from "./global-setup.ts";
import { POSTGRES_MAJORS } from "./postgres-binaries.ts";
import { createTestDatabase } from "./postgres-database.ts";
import { scratchFolder } from "./scratch-folder.ts";

/** One of the databases that the same tests run on. */
export interface Target {
  readonly name: string;
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  /**
   * An empty database of the test's own, migrated unless asked otherwise. It ends with the test. The embedded one is never
   * at its first start, which takes seconds; the test of the demo sees that.
   */
  fresh(options?: { readonly migrated?: boolean }): Promise<DatabaseUnderTest>;
}

/** A database that one test has for itself. */
export interface DatabaseUnderTest {
  readonly engine: "postgres" | "embedded";
  readonly schema: string;
  /** What otc-etl reads to find it. */
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
  /** A table's quoted name, with its schema. */
  table(name: string): string;
}

interface Place {
  readonly env: Environment;
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
 * @param only leaves out the databases for which it is false
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
    create: async (migrated) => {
      const database = await createTestDatabase(url, migrated ? { template } : {});
      return {
        env: { OTC_DATABASE_URL: database.url, OTC_PG_SCHEMA: schema },
        remove: () => database.drop(),
      };
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
    create: async (migrated) => {
      const database = await createCitusDatabase(citus, migrated);
      return {
        env: { OTC_DATABASE_URL: database.url, OTC_PG_SCHEMA: CITUS_SCHEMA },
        remove: () => database.drop(),
      };
    },
  };
}

function embeddedOrigin(): Origin {
  const templates = inject("embedded");
  return {
    name: "embedded",
    engine: "embedded",
    schema: SCHEMAS.embedded,
    create: async (migrated) => {
      const folder = await scratchFolder();
      // A thousand small files: one call each, without promises, takes a sixth of the time and less than emptying tables.
      cpSync(migrated ? templates.migrated : templates.empty, folder, { recursive: true });
      return {
        env: { OTC_DATA_DIR: folder },
        remove: () => {
          rmSync(folder, { recursive: true, force: true });
          return Promise.resolve();
        },
      };
    },
  };
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
  readonly env: Environment;
  readonly #place: Place;
  readonly #loaders: Loader[] = [];
  #beside: Promise<Database> | undefined;

  constructor(origin: Origin, place: Place) {
    this.engine = origin.engine;
    this.schema = origin.schema;
    this.env = place.env;
    this.#place = place;
  }

  open(env: Environment = {}, log: Logger = pino({ level: "silent" })): Loader {
    const loader = new Loader({ env: { ...FAST, ...this.env, ...env }, flags: {}, log });
    this.#loaders.push(loader);
    return loader;
  }

  async sql<Row>(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
    if (this.engine === "postgres") {
      this.#beside ??= openDatabase(databaseSettings(readSettings(this.env)));
      return (await (await this.#beside).query<Row>(text, parameters)).rows;
    }
    const open = await firstOpen(this.#loaders);
    if (open !== undefined) return (await open.query<Row>(text, parameters)).rows;
    const database = await openDatabase(databaseSettings(readSettings(this.env)));
    try {
      return (await database.query<Row>(text, parameters)).rows;
    } finally {
      await database.close();
    }
  }

  table(name: string): string {
    return qualifiedName(this.schema, name);
  }

  async close(): Promise<void> {
    for (const loader of this.#loaders) await loader.close();
    await (await this.#beside)?.close();
    await this.#place.remove();
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
