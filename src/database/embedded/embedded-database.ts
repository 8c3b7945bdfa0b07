import { access, chmod, mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { EMBEDDED } from "../backend.ts";
import { COPY_HEADER, COPY_TRAILER } from "../copy/copy-binary.ts";
import type { CopyOptions, Database, Parameter, QueryResult, Transaction } from "../database.ts";
import { errorMessage } from "../../errors/error-message.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { makeDirectory } from "../../files/make-directory.ts";
import { DatabaseError, databaseError } from "../database-error.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { PgliteThread } from "./pglite-thread.ts";
import { runSavepoint } from "../savepoint.ts";
import { setConfigCalls, type TimeLimits, timeLimitSettings } from "../time-limits.ts";

/** Where the embedded database is, and its limits. */
export interface EmbeddedSettings {
  readonly dataDir: string;
  readonly schema: string;
  readonly limits: TimeLimits;
}

/** A new database needs several files of this size for its write-ahead log. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;

/** The size of the pieces, in bytes, in which rows are copied: each is a COPY of its own, and memory holds up to three. */
const COPY_PIECE_BYTES = 2 * 1024 * 1024;

/** PostgreSQL in this process, in a directory that no other process may use at the same time. It has one session. */
export class EmbeddedDatabase implements Database {
  readonly backend = EMBEDDED;
  readonly location: string;
  readonly schema: string;
  readonly #settings: EmbeddedSettings;
  readonly #lock: DirectoryLock;
  readonly #pglite: PgliteThread;
  /** Ends when the last one that uses the session has ended. */
  #inUse: Promise<unknown> = Promise.resolve();

  /**
   * @param create whether to create the database if there is none
   * @throws OtcError `locked` when another process has the directory open; `migration` when there is no database;
   *   `configuration` when the directory cannot be used
   */
  static async open(settings: EmbeddedSettings, create: boolean): Promise<EmbeddedDatabase> {
    const lock = await openDirectory(settings.dataDir, create);
    try {
      // PGlite makes its files readable for everyone. The mode of this folder protects them, also if it existed before.
      const files = join(settings.dataDir, "pgdata");
      await mkdir(files, { recursive: true });
      await chmod(files, 0o700);
      const pglite = await PgliteThread.open(files);
      return new EmbeddedDatabase(settings, lock, pglite);
    } catch (error) {
      await lock.release();
      throw await openingError(error, settings.dataDir);
    }
  }

  private constructor(settings: EmbeddedSettings, lock: DirectoryLock, pglite: PgliteThread) {
    this.#settings = settings;
    this.#lock = lock;
    this.#pglite = pglite;
    this.schema = settings.schema;
    this.location = `the embedded database in ${settings.dataDir}`;
  }

  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    return this.#inTurn(() => runQuery<Row>(this.#pglite, sql, parameters, this.location));
  }

  script<Row>(sql: string): Promise<readonly Row[]> {
    return this.#inTurn(async () => {
      try {
        return await runScript<Row>(this.#pglite, sql, this.location);
      } catch (error) {
        // All statements share one session, in which a transaction that the script began must not stay open.
        await this.#rollback();
        throw error;
      }
    });
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    return this.#inTurn(async () => {
      try {
        await runScript(this.#pglite, "begin", this.location);
        const settings = timeLimitSettings(this.#settings.limits);
        await runQuery(this.#pglite, `select ${setConfigCalls(settings)}`, settings.flat(), this.location);
        const result = await work(new EmbeddedTransaction(this.#pglite, this));
        signal?.throwIfAborted();
        await runScript(this.#pglite, "commit", this.location);
        return result;
      } catch (error) {
        await this.#rollback();
        signal?.throwIfAborted();
        throw error;
      }
    });
  }

  /** If it fails as well, the error before it is the one to report. */
  async #rollback(): Promise<void> {
    await runScript(this.#pglite, "rollback", this.location).catch(() => undefined);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#inUse.then(work);
    this.#inUse = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    try {
      await this.#pglite.close();
    } finally {
      await this.#lock.release();
    }
  }
}

/** Locks the directory for this process, after creating it if that is wanted. */
async function openDirectory(directory: string, create: boolean): Promise<DirectoryLock> {
  try {
    if (create) await makeDirectory(directory, 0o700);
    else await access(join(directory, "pgdata", "PG_VERSION"));
    return await lockDirectory(directory);
  } catch (error) {
    if (error instanceof OtcError) throw error;
    if (!create && error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new OtcError("migration", `There is no embedded database in ${directory}.`, {
        remedy:
          "Run `otc-etl migrate` to create it, or set OTC_PG_HOST or OTC_DATABASE_URL to use a PostgreSQL server.",
      });
    }
    throw new OtcError(
      "configuration",
      `The directory ${directory} of the embedded database cannot be used: ${errorMessage(error)}.`,
      {
        remedy:
          "Set OTC_DATA_DIR to a directory that this user can write to, or OTC_PG_HOST or OTC_DATABASE_URL to use a PostgreSQL server.",
        cause: error,
      },
    );
  }
}

/** PGlite does not say why it cannot start on a full disk. */
async function openingError(error: unknown, dataDir: string): Promise<Error> {
  const location = `the embedded database in ${dataDir}`;
  const disk = await statfs(dataDir);
  const freeBytes = disk.bavail * disk.bsize;
  if (freeBytes >= WAL_SEGMENT_BYTES) return databaseError(error, location);
  return new DatabaseError(`There is no space left for ${location}: ${freeBytes} bytes are free.`, {
    remedy: "Free at least 100 MB on this disk, or set OTC_DATA_DIR to a directory on another one.",
    cause: error,
  });
}

class EmbeddedTransaction implements Transaction {
  readonly schema: string;
  /** A session in this process is not lost. */
  readonly lost = new AbortController().signal;
  readonly #pglite: PgliteThread;
  readonly #location: string;
  #savepoints = 0;

  constructor(pglite: PgliteThread, { schema, location }: Pick<Database, "schema" | "location">) {
    this.schema = schema;
    this.#pglite = pglite;
    this.#location = location;
  }

  get savepoints(): number {
    return this.#savepoints;
  }

  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    return runQuery<Row>(this.#pglite, sql, parameters, this.#location);
  }

  savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#savepoints += 1;
    return runSavepoint(this, this.#savepoints, work);
  }

  script<Row>(sql: string): Promise<readonly Row[]> {
    return runScript<Row>(this.#pglite, sql, this.#location);
  }

  /** While the thread of the database copies a piece, this one makes the next. */
  async copyIn(target: string, chunks: AsyncIterable<Buffer>, options: CopyOptions = {}): Promise<number> {
    let rows = 0;
    let copying: Promise<void> = Promise.resolve();
    let piece: Buffer[] = [];
    let pieceBytes = 0;
    const copyPiece = async (): Promise<void> => {
      const bytes = joined([COPY_HEADER, ...piece, COPY_TRAILER]);
      piece = [];
      pieceBytes = 0;
      await copying;
      copying = this.#copyPiece(target, bytes, options).then((copied) => {
        rows += copied;
      });
      // It is awaited before the next one.
      copying.catch(() => undefined);
    };
    for await (const chunk of chunks) {
      piece.push(chunk);
      pieceBytes += chunk.length;
      if (pieceBytes >= COPY_PIECE_BYTES) await copyPiece();
    }
    if (pieceBytes > 0) await copyPiece();
    await copying;
    return rows;
  }

  async #copyPiece(target: string, bytes: ArrayBuffer, options: CopyOptions): Promise<number> {
    try {
      return (await this.#pglite.request({ kind: "copyIn", target, bytes, options }, [bytes])).rowCount;
    } catch (error) {
      throw databaseError(error, this.#location);
    }
  }

  async *copyOut(query: string): AsyncGenerator<Buffer> {
    try {
      yield* this.#pglite.copyOut(query);
    } catch (error) {
      throw databaseError(error, this.#location);
    }
  }
}

/** A copy of buffers that others may still use, in a buffer that can be moved to another thread. */
function joined(buffers: readonly Buffer[]): ArrayBuffer {
  const bytes = new Uint8Array(buffers.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const buffer of buffers) {
    bytes.set(buffer, at);
    at += buffer.length;
  }
  return bytes.buffer;
}

async function runQuery<Row>(
  pglite: PgliteThread,
  sql: string,
  parameters: readonly Parameter[] | undefined,
  location: string,
): Promise<QueryResult<Row>> {
  try {
    const { rows, rowCount } = await pglite.request({ kind: "query", sql, parameters });
    return { rows: rows as readonly Row[], rowCount };
  } catch (error) {
    throw databaseError(error, location);
  }
}

async function runScript<Row>(pglite: PgliteThread, sql: string, location: string): Promise<readonly Row[]> {
  try {
    return (await pglite.request({ kind: "script", sql })).rows as readonly Row[];
  } catch (error) {
    throw databaseError(error, location);
  }
}
