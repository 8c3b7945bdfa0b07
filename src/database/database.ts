import type { Backend } from "./backend.ts";
import type { Shutdown } from "../shutdown/shutdown.ts";

/** The rows that a statement returned, and their number. */
export interface QueryResult<Row> {
  readonly rows: readonly Row[];
  /** Rows inserted, updated, deleted or returned. */
  readonly rowCount: number;
}

/** A value for a `$n` parameter. Lists become PostgreSQL arrays. */
export type Parameter =
  string | number | bigint | boolean | Date | null | readonly (string | number | null)[];

/** How rows are copied into a table. */
export interface CopyOptions {
  readonly freeze?: boolean;
}

/** Runs statements. */
export interface Queryable {
  /** The schema of all tables, unquoted. */
  readonly schema: string;
  /**
   * On every backend, integers are returned as numbers (cast to text what may exceed 2^53), `numeric` as a string, and
   * `timestamptz` as a Date.
   *
   * @throws OtcError `database`, with the SQLSTATE and the server's message
   */
  query<Row = Readonly<Record<string, unknown>>>(
    sql: string,
    parameters?: readonly Parameter[],
  ): Promise<QueryResult<Row>>;
  /**
   * Runs a text with several statements, such as a file. They have no parameters. Outside of a transaction, they may begin
   * and end their own.
   *
   * @returns the rows of all of them
   */
  script<Row = Readonly<Record<string, unknown>>>(sql: string): Promise<readonly Row[]>;
}

/** An open transaction. It ends when the function that it was lent to ends. */
export interface Transaction extends Queryable {
  /** Aborted when the session is lost, with the DatabaseError as its reason, so that no wait outlives the transaction. */
  readonly lost: AbortSignal;
  /** Savepoints set so far. */
  readonly savepoints: number;
  /** Runs `work` in a savepoint. If it throws, its changes are rolled back, and the transaction continues. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
  /**
   * COPY in binary format (see `copy-binary.ts`).
   *
   * @param target the quoted table and column list, for the place between COPY and FROM
   * @param chunks whole rows, without the header and the trailer of the format; they are read as fast as the server reads
   * @param options `freeze` for rows that every snapshot may see, in a table that this savepoint or one in it has truncated
   * @returns the number of rows copied
   */
  copyIn(target: string, chunks: AsyncIterable<Buffer>, options?: CopyOptions): Promise<number>;
  /**
   * COPY in binary format, out of the database.
   *
   * @param query the statement whose rows are sent
   * @returns the format's bytes, header and trailer included, in chunks of any size; they have to be read to the end
   *   before the next statement
   */
  copyOut(query: string): AsyncIterable<Buffer>;
}

/** PostgreSQL behind one interface: a server, or PGlite in this process. */
export interface Database extends Queryable {
  /** What the database can do. A table of its own kind has a profile of its own: `readTableBackend`. */
  readonly backend: Backend;
  /** Where the database is, without credentials, for messages. */
  readonly location: string;
  /**
   * Lends a transaction to `work`: COMMIT when it returns, ROLLBACK when it throws. If the rollback fails as well, the first
   * error is thrown, and the connection is closed.
   *
   * @param signal cancels the running statement, and with it the transaction. A server that does not answer has one second
   *   for that, then the connection is closed.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** @param shutdown says how long connections have to end regularly */
  close(shutdown?: Shutdown): Promise<void>;
}
