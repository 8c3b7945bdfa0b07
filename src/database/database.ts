/** The rows of a statement and how many rows it touched. */
export interface QueryResult<Row> {
  readonly rows: readonly Row[];
  /** Rows inserted, updated, deleted or returned. */
  readonly rowCount: number;
}

/** A value for a `$n` parameter. Lists become PostgreSQL arrays. */
export type Parameter =
  string | number | bigint | boolean | Date | null | readonly (string | number | null)[];

/** Runs statements. */
export interface Queryable {
  /** The schema all tables are in, unquoted. */
  readonly schema: string;
  /**
   * Integers come back as numbers (never beyond 2^53: cast to text what may be larger), `numeric` as a string,
   * `timestamptz` as a Date, on every engine.
   *
   * @throws OtcError `database`, with the SQLSTATE and what the server said
   */
  query<Row = Readonly<Record<string, unknown>>>(
    sql: string,
    parameters?: readonly Parameter[],
  ): Promise<QueryResult<Row>>;
  /**
   * Runs several statements in one text, as those of a file. They take no parameters; outside of a transaction they may
   * begin and end their own.
   *
   * @returns the rows of all of them
   */
  script<Row = Readonly<Record<string, unknown>>>(sql: string): Promise<readonly Row[]>;
}

/** An open transaction; it ends when the function it was lent to does. */
export interface Transaction extends Queryable {
  /** Savepoints set so far. */
  readonly savepoints: number;
  /** Runs `work` in a savepoint: what it did is undone when it throws, and the transaction goes on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
  /**
   * COPY in binary format (see `copy-binary.ts`).
   *
   * @param target the quoted table and column list, as it stands between COPY and FROM
   * @param chunks each of whole rows, without the header and the trailer of the format; read as fast as the server takes them
   * @returns the number of rows copied
   */
  copyIn(target: string, chunks: AsyncIterable<Buffer>): Promise<number>;
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
  readonly engine: "postgres" | "embedded";
  /** Where it is, without credentials: for messages. */
  readonly location: string;
  /**
   * Lends a transaction to `work`: COMMIT when it returns, ROLLBACK when it throws. The first error is the one thrown,
   * also when the rollback fails as well; the connection is then given up.
   *
   * @param signal cancels the statement that is running, and so the transaction
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): Promise<void>;
}
