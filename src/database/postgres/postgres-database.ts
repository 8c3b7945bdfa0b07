import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { POSTGRES } from "../backend.ts";
import type { Database, Parameter, QueryResult, Transaction } from "../database.ts";
import { databaseError } from "../database-error.ts";
import {
  commit,
  connectionError,
  idleErrors,
  isServerAnswer,
  rollback,
  runQuery,
  runScript,
} from "./postgres-statements.ts";
import { PostgresTransaction } from "./postgres-transaction.ts";
import { ROLLBACK_MS, Shutdown } from "../../shutdown/shutdown.ts";
import { setConfigCalls, type TimeLimits, timeLimitSettings } from "../time-limits.ts";

/** How to reach a PostgreSQL server. */
export interface PostgresSettings {
  readonly connection: Pick<
    pg.ClientConfig,
    "host" | "port" | "database" | "user" | "password" | "connectionString" | "ssl"
  >;
  readonly schema: string;
  readonly limits: TimeLimits;
  /**
   * How long the answer may take after the time at which the server should have cancelled the statement itself, in
   * milliseconds. Then the connection is closed.
   */
  readonly answerGraceMs?: number;
}

/**
 * One connection is enough for loads in sequence. More are needed only when a user of the library runs loads at the same
 * time. A pool returns the same connection as long as one is enough.
 */
const MAX_CONNECTIONS = 4;

/** After this time, libuv sends one probe per second, and closes the connection after ten without an answer. */
const KEEP_ALIVE_DELAY_MS = 20_000;

/**
 * The server's keep-alive settings, in seconds. When a client disappears without closing the connection, the server holds
 * the view's lock until it detects that, by default after two hours.
 */
const SERVER_KEEP_ALIVE: readonly [name: string, value: string][] = [
  ["tcp_keepalives_idle", "20"],
  ["tcp_keepalives_interval", "5"],
  ["tcp_keepalives_count", "6"],
];

/**
 * The interval at which a server checks during a long statement, or while it waits for a lock, whether its client is still
 * connected. Without the check, a killed load holds the view's lock until the statement ends. Servers on Linux support it
 * (https://www.postgresql.org/docs/current/runtime-config-connection.html).
 */
const CLIENT_CHECK = "set_config('client_connection_check_interval', '1s', true)";

const ANSWER_GRACE_MS = 10_000;

/** The time limit for ending connections regularly. After it, their sockets are destroyed. */
const CLOSE_TIMEOUT_MS = 500;
const CLOSE_POLL_MS = 5;

const INT8_OID = 20;

/** The driver returns 64-bit integers as text. Those of otc-etl are counts and ids below 2^53. */
const types = new pg.TypeOverrides();
types.setTypeParser(INT8_OID, Number);

export class PostgresDatabase implements Database {
  readonly backend = POSTGRES;
  readonly location: string;
  readonly schema: string;
  readonly #pool: pg.Pool;
  readonly #settings: PostgresSettings;
  /** The sockets of all connections, including those that are being opened or closed. */
  readonly #sockets = new Set<Socket>();

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
    this.schema = settings.schema;
    // The driver combines the URL, its defaults and the settings.
    const { host, port, database } = new pg.Client(settings.connection);
    this.location = `PostgreSQL at ${host}:${port}/${database ?? ""}`;
    this.#pool = new pg.Pool({
      ...this.#clientConfig(),
      max: MAX_CONNECTIONS,
      // No timer may close a connection during a load, and idle connections must not keep the process alive.
      idleTimeoutMillis: 0,
      allowExitOnIdle: true,
    });
    // An idle connection that breaks is replaced at the next use. Without a listener, its error would end the process.
    this.#pool.on("error", () => undefined);
  }

  async query<Row>(sql: string, parameters?: readonly Parameter[]): Promise<QueryResult<Row>> {
    const client = await this.#connect();
    try {
      const result = await runQuery<Row>(client, sql, parameters, this.location);
      client.release();
      return result;
    } catch (error) {
      client.release(!isServerAnswer(error));
      throw error;
    }
  }

  async script<Row>(sql: string): Promise<readonly Row[]> {
    const client = await this.#connect();
    try {
      const rows = await runScript<Row>(client, sql, this.location);
      client.release();
      return rows;
    } catch (error) {
      // A transaction that the script began may still be open.
      client.release(true);
      throw error;
    }
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const client = await this.#connect(signal);
    const lost = new AbortController();
    const onLost = (error: Error): void => {
      lost.abort(connectionError(error, client, this.location));
    };
    client.once("error", onLost);
    let closing: NodeJS.Timeout | undefined;
    const stopClosing = onAbort(signal, () => {
      closing = setTimeout(() => client.connection.stream.destroy(), ROLLBACK_MS);
    });
    let stopListening = onAbort(signal, () => client.connection.stream.destroy());
    let cancellation: Promise<void> | undefined;
    // A cancellation that is still running would cancel the connection's next statement.
    const settleCancellation = async (): Promise<void> => {
      stopListening();
      await cancellation;
    };
    try {
      const pid = await this.#begin(client);
      stopListening();
      stopListening = onAbort(signal, () => {
        cancellation = this.#cancel(client, pid);
      });
      const result = await work(new PostgresTransaction(client, this, lost.signal));
      signal?.throwIfAborted();
      await commit(client, this.location);
      await settleCancellation();
      client.release();
      return result;
    } catch (error) {
      await settleCancellation();
      client.release(await rollback(client));
      signal?.throwIfAborted();
      throw error;
    } finally {
      stopListening();
      stopClosing();
      clearTimeout(closing);
      client.off("error", onLost);
    }
  }

  async close(shutdown = Shutdown.NONE): Promise<void> {
    const deadline = performance.now() + shutdown.leftMs("connections", CLOSE_TIMEOUT_MS);
    const ended = this.#pool.end();
    while (this.#sockets.size > 0 && performance.now() < deadline) await sleep(CLOSE_POLL_MS);
    for (const socket of this.#sockets) socket.destroy();
    await ended;
  }

  #clientConfig(): pg.ClientConfig {
    const { connectMs, statementMs } = this.#settings.limits;
    const { answerGraceMs = ANSWER_GRACE_MS } = this.#settings;
    return {
      ...this.#settings.connection,
      stream: () => this.#newSocket(),
      types,
      application_name: "otc-etl",
      connectionTimeoutMillis: connectMs,
      // Keep-alive probes detect a server that has disappeared, and no statement may take longer than the server itself
      // allows.
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      ...(statementMs === 0 ? {} : { query_timeout: statementMs + answerGraceMs }),
    };
  }

  #newSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  async #connect(signal?: AbortSignal): Promise<pg.PoolClient> {
    try {
      const client = await this.#connectUnlessAborted(signal);
      if (client.listenerCount("error") === 0) {
        // A broken connection rejects the statement in progress. Between statements, the next one has to report the error.
        client.on("error", (error) => {
          if (!idleErrors.has(client)) idleErrors.set(client, error);
        });
      }
      return client;
    } catch (error) {
      throw databaseError(error, this.location);
    }
  }

  /** A connection that is established after the abort is closed. */
  async #connectUnlessAborted(signal: AbortSignal | undefined): Promise<pg.PoolClient> {
    const connecting = this.#pool.connect();
    if (signal === undefined) return connecting;
    const aborted = Promise.withResolvers<never>();
    const stopListening = onAbort(signal, () => {
      aborted.reject(signal.reason);
      connecting.then(
        (client) => {
          client.release(true);
        },
        () => undefined,
      );
    });
    try {
      return await Promise.race([connecting, aborted.promise]);
    } finally {
      stopListening();
    }
  }

  /** Begins a transaction, sets its limits, and returns the id of its server process. */
  async #begin(client: pg.PoolClient): Promise<number> {
    await this.#firstStatement(client, "begin isolation level read committed");
    // Nothing may outlive the transaction (pgbouncer).
    const settings = [...timeLimitSettings(this.#settings.limits), ...SERVER_KEEP_ALIVE];
    const result = await runQuery<{ pid: number }>(
      client,
      `select pg_backend_pid() as pid, ${setConfigCalls(settings)},
         case when version() ~ 'linux' then ${CLIENT_CHECK} end`,
      settings.flat(),
      this.location,
    );
    return result.rows[0]?.pid ?? 0;
  }

  /** Runs the first statement with the time limit for connecting, because an idle connection may have broken. */
  async #firstStatement(client: pg.PoolClient, sql: string): Promise<void> {
    const config = { text: sql, query_timeout: this.#settings.limits.connectMs };
    try {
      await client.query(config as pg.QueryConfig);
    } catch (error) {
      throw connectionError(error, client, this.location);
    }
  }

  /**
   * Cancels the statement of a server process from a separate connection, because the connection in use is busy. If that
   * fails, or takes long, it closes the connection in use. The server detects that and rolls back.
   */
  async #cancel(busy: pg.PoolClient, pid: number): Promise<void> {
    const client = new pg.Client({
      ...this.#clientConfig(),
      connectionTimeoutMillis: ROLLBACK_MS,
      query_timeout: ROLLBACK_MS,
    });
    client.on("error", () => undefined);
    const late = setTimeout(() => client.connection.stream.destroy(), ROLLBACK_MS);
    try {
      await client.connect();
      await client.query("select pg_cancel_backend($1)", [pid]);
    } catch {
      busy.connection.stream.destroy();
    } finally {
      await client.end().catch(() => undefined);
      clearTimeout(late);
    }
  }
}

function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener("abort", listener, { once: true });
  return () => signal?.removeEventListener("abort", listener);
}
