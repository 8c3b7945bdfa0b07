import { cpSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { databaseSettings } from "../../src/config/database-settings.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import type { Database, Parameter, QueryResult, Transaction } from "../../src/database/database.ts";
import { type DatabaseSettings, openDatabase } from "../../src/database/open-database.ts";
import { guardianOf } from "./guardian.ts";
import { type InitialState, initialStateOf, restoreInitialState } from "./initial-state.ts";
import { scratchFolderSync } from "./scratch-folder.ts";

/** Each load takes 4 MB of WebAssembly memory for good, of 4 GB; a test has hardly more than eight. */
const MAX_TESTS = 40;

/** What is in the copies of a template, which are all alike. */
const initialStates = new Map<string, Promise<InitialState>>();

/** Those that no test uses at present. */
const idle: PooledEmbedded[] = [];

/**
 * An embedded database for the next test of this process, as the template is. To copy a directory, start PGlite in it, and
 * let its session read the catalog takes ten times longer than to empty the database of the last test.
 */
export function takeEmbedded(template: string): PooledEmbedded {
  const index = idle.findIndex((embedded) => embedded.template === template);
  return idle.splice(index, index < 0 ? 0 : 1)[0] ?? new PooledEmbedded(template);
}

/** Empties it for the next test; what cannot be emptied is removed. */
export async function returnEmbedded(embedded: PooledEmbedded): Promise<void> {
  if (await embedded.giveBack()) idle.push(embedded);
}

interface Session {
  readonly settings: DatabaseSettings;
  readonly database: Database;
  readonly initial: InitialState;
}

export class PooledEmbedded {
  readonly dataDir = scratchFolderSync();
  readonly template: string;
  /** The worker process that has this database ends without a word. */
  readonly #guardian = guardianOf(this.dataDir);
  #session: Promise<Session> | undefined;
  #tests = 0;
  #isLent = false;
  #isSpent = false;

  constructor(template: string) {
    this.template = template;
  }

  /** The open database, to be used beside what `open` has lent; undefined when the test has a session of another kind. */
  async database(): Promise<Database | undefined> {
    return this.#isSpent ? undefined : (await this.#opened()).database;
  }

  /** Opens it as `openDatabase` does: only once at a time. The session stays open for the next test. */
  async open(settings: DatabaseSettings): Promise<Database> {
    // The directory is locked, which is what the second one has to see.
    if (this.#isLent || this.#isSpent) return openDatabase(settings);
    this.#isLent = true;
    const session = await this.#opened();
    if (isDeepStrictEqual(settings, session.settings)) {
      return new LentDatabase(session.database, () => (this.#isLent = false));
    }
    // Another schema or other limits than those of this session.
    this.#isSpent = true;
    await session.database.close();
    return openDatabase(settings);
  }

  /**
   * Ends the use by a test, which has closed what it opened.
   *
   * @returns whether another test can have it; otherwise it is gone
   */
  async giveBack(): Promise<boolean> {
    this.#tests += 1;
    if (this.#session === undefined) return true;
    const { database, initial } = await this.#session;
    if (!this.#isSpent) {
      if (this.#tests < MAX_TESTS && (await restoreInitialState(database, initial))) return true;
      await database.close();
    }
    await this.#guardian.release();
    return false;
  }

  #opened(): Promise<Session> {
    this.#session ??= this.#start();
    return this.#session;
  }

  async #start(): Promise<Session> {
    cpSync(this.template, this.dataDir, { recursive: true });
    const settings = databaseSettings(readSettings({ OTC_DATA_DIR: this.dataDir }));
    const database = await openDatabase(settings);
    const initial = initialStates.get(this.template) ?? initialStateOf(database);
    initialStates.set(this.template, initial);
    return { settings, database, initial: await initial };
  }
}

/** A database that stays open when it is closed, but not for whoever closed it. */
class LentDatabase implements Database {
  readonly #database: Database;
  readonly #giveBack: () => void;
  #isClosed = false;

  constructor(database: Database, giveBack: () => void) {
    this.#database = database;
    this.#giveBack = giveBack;
  }

  get backend() {
    return this.#database.backend;
  }

  get location(): string {
    return this.#database.location;
  }

  get schema(): string {
    return this.#database.schema;
  }

  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    return this.#open().query<Row>(sql, parameters);
  }

  script<Row>(sql: string): Promise<readonly Row[]> {
    return this.#open().script<Row>(sql);
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#open().transaction(work, signal);
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#giveBack();
    this.#isClosed = true;
    return Promise.resolve();
  }

  #open(): Database {
    if (this.#isClosed) throw new Error("The embedded database of this test is closed.");
    return this.#database;
  }
}
