import { access, chmod, mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { PGlite, type Results, type Transaction as PgliteTransaction } from "@electric-sql/pglite";
import { EMBEDDED } from "../backend.ts";
import { COPY_HEADER, COPY_TRAILER } from "../copy/copy-binary.ts";
import type { Database, Parameter, QueryResult, Transaction } from "../database.ts";
import { errorMessage } from "../../errors/error-message.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { makeDirectory } from "../../files/make-directory.ts";
import { DatabaseError, databaseError } from "../database-error.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
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

/** The size of the pieces, in bytes, in which a document is copied. PGlite reads COPY from a blob that memory holds. */
const COPY_PIECE_BYTES = 4 * 1024 * 1024;

/** PostgreSQL in this process, in a directory that no other process may use at the same time. */
export class EmbeddedDatabase implements Database {
  readonly backend = EMBEDDED;
  readonly location: string;
  readonly schema: string;
  readonly #settings: EmbeddedSettings;
  readonly #lock: DirectoryLock;
  readonly #pglite: PGlite;

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
      const pglite = await PGlite.create(files);
      return new EmbeddedDatabase(settings, lock, pglite);
    } catch (error) {
      await lock.release();
      throw await openingError(error, settings.dataDir);
    }
  }

  private constructor(settings: EmbeddedSettings, lock: DirectoryLock, pglite: PGlite) {
    this.#settings = settings;
    this.#lock = lock;
    this.#pglite = pglite;
    this.schema = settings.schema;
    this.location = `the embedded database in ${settings.dataDir}`;
  }

  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    return runQuery<Row>(this.#pglite, sql, parameters, this.location);
  }

  async script<Row>(sql: string): Promise<readonly Row[]> {
    try {
      return await runScript<Row>(this.#pglite, sql, this.location);
    } catch (error) {
      // All statements share one session, in which a transaction that the script began must not stay open.
      await this.#pglite.exec("rollback").catch(() => undefined);
      throw error;
    }
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    let first: { readonly error: unknown } | undefined;
    try {
      return await this.#pglite.transaction(async (pglite) => {
        try {
          const settings = timeLimitSettings(this.#settings.limits);
          await runQuery(pglite, `select ${setConfigCalls(settings)}`, settings.flat(), this.location);
          const result = await work(new EmbeddedTransaction(pglite, this));
          signal?.throwIfAborted();
          return result;
        } catch (error) {
          first = { error };
          throw error;
        }
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw first === undefined ? databaseError(error, this.location) : first.error;
    }
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
  readonly #pglite: PgliteTransaction;
  readonly #location: string;
  #savepoints = 0;

  constructor(pglite: PgliteTransaction, { schema, location }: Pick<Database, "schema" | "location">) {
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

  async copyIn(target: string, chunks: AsyncIterable<Buffer>): Promise<number> {
    let copied = 0;
    let piece: Buffer[] = [];
    let pieceBytes = 0;
    const copyPiece = async (): Promise<void> => {
      if (pieceBytes === 0) return;
      const blob = new Blob([COPY_HEADER, ...piece, COPY_TRAILER]);
      piece = [];
      pieceBytes = 0;
      try {
        const result = await this.#pglite.query(`copy ${target} from '/dev/blob' (format binary)`, [], {
          blob,
        });
        copied += result.affectedRows ?? 0;
      } catch (error) {
        throw databaseError(error, this.#location);
      }
    };
    for await (const chunk of chunks) {
      piece.push(chunk);
      pieceBytes += chunk.length;
      if (pieceBytes >= COPY_PIECE_BYTES) await copyPiece();
    }
    await copyPiece();
    return copied;
  }

  async *copyOut(query: string): AsyncGenerator<Buffer> {
    let blob: Blob | undefined;
    try {
      ({ blob } = await this.#pglite.query(`copy (${query}) to '/dev/blob' (format binary)`));
    } catch (error) {
      throw databaseError(error, this.#location);
    }
    if (blob !== undefined) yield Buffer.from(await blob.arrayBuffer());
  }
}

async function runQuery<Row>(
  pglite: Pick<PGlite, "exec" | "query">,
  sql: string,
  parameters: readonly Parameter[] | undefined,
  location: string,
): Promise<QueryResult<Row>> {
  try {
    const result =
      parameters === undefined
        ? await runStatement<Row>(pglite, sql)
        : await pglite.query<Row>(sql, [...parameters]);
    return { rows: result?.rows ?? [], rowCount: result?.rowCount ?? result?.rows.length ?? 0 };
  } catch (error) {
    throw databaseError(error, location);
  }
}

/**
 * Runs a statement without parameters by the simple protocol, as the driver of PostgreSQL does: the extended one takes three
 * times as long, with five messages that are each answered on their own.
 */
async function runStatement<Row>(
  pglite: Pick<PGlite, "exec">,
  sql: string,
): Promise<Results<Row> | undefined> {
  const results = await pglite.exec(sql);
  return results.at(-1) as Results<Row> | undefined;
}

async function runScript<Row>(
  pglite: Pick<PGlite, "exec">,
  sql: string,
  location: string,
): Promise<readonly Row[]> {
  try {
    const results = await pglite.exec(sql);
    return results.flatMap((result) => result.rows as Row[]);
  } catch (error) {
    throw databaseError(error, location);
  }
}
