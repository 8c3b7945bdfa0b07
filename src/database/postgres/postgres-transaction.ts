import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { COPY_HEADER, COPY_TRAILER, copyOptions } from "../copy/copy-binary.ts";
import type { CopyOptions, Database, Parameter, QueryResult, Transaction } from "../database.ts";
import { databaseError } from "../database-error.ts";
import { CopyOutStream } from "./copy-out-stream.ts";
import { connectionError, runQuery, runScript } from "./postgres-statements.ts";
import { runSavepoint } from "../savepoint.ts";

/** A transaction on a connection of a pool. */
export class PostgresTransaction implements Transaction {
  readonly schema: string;
  readonly lost: AbortSignal;
  readonly #client: pg.PoolClient;
  readonly #location: string;
  #savepoints = 0;

  constructor(
    client: pg.PoolClient,
    { schema, location }: Pick<Database, "schema" | "location">,
    lost: AbortSignal,
  ) {
    this.schema = schema;
    this.lost = lost;
    this.#client = client;
    this.#location = location;
  }

  get savepoints(): number {
    return this.#savepoints;
  }

  query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    return runQuery<Row>(this.#client, sql, parameters, this.#location);
  }

  savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#savepoints += 1;
    return runSavepoint(this, this.#savepoints, work);
  }

  script<Row>(sql: string): Promise<readonly Row[]> {
    return runScript<Row>(this.#client, sql, this.#location);
  }

  async copyIn(target: string, chunks: AsyncIterable<Buffer>, options?: CopyOptions): Promise<number> {
    const copy = this.#client.query(copyFrom(`copy ${target} from stdin ${copyOptions(options)}`));
    // When one side fails, the other side fails as well. Only the first error is reported.
    let first: { readonly error: unknown } | undefined;
    async function* watched(): AsyncGenerator<Buffer> {
      try {
        yield COPY_HEADER;
        yield* chunks;
        yield COPY_TRAILER;
      } catch (error) {
        first ??= { error };
        throw error;
      }
    }
    // A failed pipeline ends only when `chunks` end, and their source may be silent for long.
    const broken = Promise.withResolvers<never>();
    copy.once("error", (error) => {
      first ??= { error: connectionError(error, this.#client, this.#location) };
      broken.reject(error);
    });
    try {
      await Promise.race([
        pipeline(Readable.from(watched(), { objectMode: true, highWaterMark: 1 }), copy),
        broken.promise,
      ]);
    } catch (error) {
      throw first === undefined ? databaseError(error, this.#location) : first.error;
    }
    return copy.rowCount;
  }

  async *copyOut(query: string): AsyncGenerator<Buffer> {
    const copy = this.#client.query(new CopyOutStream(`copy (${query}) to stdout ${copyOptions()}`));
    let settled = false;
    try {
      for await (const chunk of copy) yield chunk as Buffer;
      settled = true;
    } catch (error) {
      settled = true;
      throw connectionError(error, this.#client, this.#location);
    } finally {
      // pg limits the time of a query with a timer that this clears.
      copy.callback?.();
      // A reader that stops early leaves rows on the connection, which no later statement could get past.
      if (!settled) this.#client.connection.stream.destroy();
    }
  }
}
