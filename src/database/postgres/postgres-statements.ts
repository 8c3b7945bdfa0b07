import type pg from "pg";
import type { OtcError } from "../../errors/otc-error.ts";
import { errorMessage } from "../../errors/error-message.ts";
import type { Parameter, QueryResult } from "../database.ts";
import { DatabaseError, databaseError } from "../database-error.ts";

/** The time limit for a ROLLBACK. After it, the connection is closed, which also rolls back. */
const ROLLBACK_TIMEOUT_MS = 3000;

/** The errors of connections that broke while idle. Later, the driver only reports that they cannot be used. */
export const idleErrors = new WeakMap<pg.PoolClient, Error>();

/** @throws OtcError of the statement, as `connectionError` makes it */
export async function runQuery<Row>(
  client: pg.PoolClient,
  sql: string,
  parameters: readonly Parameter[] | undefined,
  location: string,
): Promise<QueryResult<Row>> {
  try {
    const result = await client.query(sql, parameters as unknown[] | undefined);
    return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
  } catch (error) {
    throw connectionError(error, client, location);
  }
}

export async function runScript<Row>(
  client: pg.PoolClient,
  sql: string,
  location: string,
): Promise<readonly Row[]> {
  try {
    const results: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
    return [results].flat().flatMap((result) => result.rows as Row[]);
  } catch (error) {
    throw connectionError(error, client, location);
  }
}

/** Wraps a driver's error. A connection that did not answer is closed, because later statements would wait as long. */
export function connectionError(error: unknown, client: pg.PoolClient, location: string): OtcError {
  const wrapped = databaseError(error, location);
  if (!(wrapped instanceof DatabaseError) || wrapped.sqlState !== undefined) return wrapped;
  client.connection.stream.destroy();
  return databaseError(idleErrors.get(client) ?? error, location);
}

/** @returns the error, if the connection cannot be used again */
export async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query({ text: "rollback", query_timeout: ROLLBACK_TIMEOUT_MS } as pg.QueryConfig);
    return undefined;
  } catch (error) {
    return new Error(`rollback failed: ${errorMessage(error)}`);
  }
}

/** Checks the answer, because the COMMIT of a transaction with a failed statement returns ROLLBACK without an error. */
export async function commit(client: pg.PoolClient, location: string): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query("commit"));
  } catch (error) {
    throw connectionError(error, client, location);
  }
  if (command !== "COMMIT") {
    throw new DatabaseError(`${location} answered COMMIT with ${command}.`, { cause: undefined });
  }
}

/** Whether the error came from the server, so that the connection can still be used. */
export function isServerAnswer(error: unknown): boolean {
  return error instanceof DatabaseError && !error.isConnectionProblem;
}
