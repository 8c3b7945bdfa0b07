import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { isInFuture } from "../database/clock.ts";
import type { Database, Queryable, Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { qualifiedName } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { paceDelay, type PaceLimits } from "./pace.ts";
import type { RequestGate } from "../source/request-gate.ts";

interface RequestLogSettings {
  readonly limits: PaceLimits;
  /** The longest wait, in milliseconds. A load that would have to wait longer fails. */
  readonly maxWaitMs: number;
}

/** A request of this process. Its times are those of the database's clock. */
interface MadeRequest {
  readonly id: string;
  readonly viewId: string;
  readonly requestedAt: Date;
  /** Milliseconds of `performance.now()` when it was recorded as sent. */
  readonly sentAt: number;
  answeredAt: Date | null;
}

/** How long to wait for the next request. */
interface Wait {
  readonly delayMs: number;
  /** By the clock of the database. */
  readonly until: Date;
}

/**
 * Applies the pace to all processes together, by recording requests in `etl_requests`. Each request is recorded on a
 * separate connection when it is sent, because the load's transaction may be rolled back later. Where there is no other
 * connection (embedded, or none left), the load's own is used, and `settle` repeats the records after a rollback.
 */
export class RequestLog implements RequestGate {
  readonly #database: Database;
  readonly #transaction: Transaction;
  readonly #settings: RequestLogSettings;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #made: MadeRequest[] = [];

  /**
   * @param transaction the transaction of the load
   * @param signal ends every wait for the database
   */
  constructor(
    database: Database,
    transaction: Transaction,
    settings: RequestLogSettings,
    log: Logger,
    signal: AbortSignal,
  ) {
    this.#database = database;
    this.#transaction = transaction;
    this.#settings = settings;
    this.#log = log;
    this.#signal = signal;
  }

  async enter(viewId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const wait = await this.#reserveSeparately(viewId);
      if (wait === undefined) return;
      if (wait.delayMs > this.#settings.maxWaitMs) throw rateLimited(wait);
      this.#log.info({ waitMs: wait.delayMs }, "waiting until the next request to OTC is allowed");
      await sleep(wait.delayMs, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  }

  async leave(): Promise<void> {
    const request = this.#made.at(-1);
    if (request?.answeredAt !== null) return;
    request.answeredAt = new Date(request.requestedAt.getTime() + performance.now() - request.sentAt);
    try {
      await this.#onSeparateConnection(async (queryable) => {
        await queryable.query(
          `update ${this.#table} set answered_at = clock_timestamp() where request_id = $1`,
          [request.id],
        );
      });
    } catch (error) {
      // `settle` records it later. This error must not hide the result of the fetch.
      this.#log.debug(`the end of a response was not recorded yet: ${errorMessage(error)}`);
    }
  }

  /** Records the requests that were rolled back with the load's transaction. Call it after the transaction has ended. */
  async settle(database: Queryable): Promise<void> {
    for (const { id, viewId, requestedAt, answeredAt } of this.#made) {
      await database.query(
        `insert into ${this.#table} (request_id, view_id, requested_at, answered_at)
         values ($1, $2, $3, $4)
         on conflict (request_id) do update
         set answered_at = coalesce(${this.#table}.answered_at, excluded.answered_at)`,
        [id, viewId, requestedAt, answeredAt],
      );
    }
  }

  get #table(): string {
    return qualifiedName(this.#database.schema, "etl_requests");
  }

  async #reserveSeparately(viewId: string): Promise<Wait | undefined> {
    try {
      return await this.#onSeparateConnection((queryable) => this.#reserve(queryable, viewId));
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.isLackOfConnections) throw error;
      return this.#reserve(this.#transaction, viewId);
    }
  }

  /** Records a request as sent now, or returns how long to wait. One process at a time decides. */
  async #reserve(queryable: Queryable, viewId: string): Promise<Wait | undefined> {
    await queryable.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `otc-etl/${this.#database.schema}/requests`,
    ]);
    const { rows } = await queryable.query<{
      id: string;
      viewId: string;
      requestedAt: number;
      answeredAt: number | null;
    }>(
      `select request_id as "id", view_id as "viewId", extract(epoch from requested_at)::float8 * 1000 as "requestedAt",
         extract(epoch from case when ${isInFuture("answered_at")} then null else answered_at end)::float8 * 1000
           as "answeredAt"
       from ${this.#table}
       where requested_at > clock_timestamp() - interval '1 hour' and not ${isInFuture("requested_at")}
       order by requested_at`,
    );
    const { rows: clock } = await queryable.query<{ now: number }>(
      "select extract(epoch from clock_timestamp())::float8 * 1000 as now",
    );
    const now = clock[0]?.now ?? Date.now();
    const recorded = new Set(rows.map((request) => request.id));
    // Where requests are recorded in the load's transaction, a retry rolls back the record of the previous attempt.
    const undone = this.#made
      .filter(({ id, requestedAt }) => !recorded.has(id) && requestedAt.getTime() <= now)
      .map(({ viewId: asked, requestedAt, answeredAt }) => ({
        viewId: asked,
        requestedAt: requestedAt.getTime(),
        answeredAt: answeredAt?.getTime() ?? null,
      }));
    const past = [...rows, ...undone].sort((a, b) => a.requestedAt - b.requestedAt);
    const delay = paceDelay(past, viewId, now, this.#settings.limits);
    if (delay > 0) return { delayMs: Math.ceil(delay), until: new Date(now + delay) };
    const id = randomUUID();
    const { rows: made } = await queryable.query<{ requested_at: Date }>(
      `insert into ${this.#table} (request_id, view_id, requested_at)
       values ($1, $2, clock_timestamp())
       returning requested_at`,
      [id, viewId],
    );
    const requestedAt = made[0]?.requested_at ?? new Date(now);
    this.#made.push({ id, viewId, requestedAt, sentAt: performance.now(), answeredAt: null });
    return undefined;
  }

  async #onSeparateConnection<T>(work: (queryable: Queryable) => Promise<T>): Promise<T> {
    if (!this.#database.backend.separateSessions) return work(this.#transaction);
    return this.#database.transaction(work, this.#signal);
  }
}

function rateLimited({ until }: Wait): OtcError {
  const time = until.toISOString();
  return new OtcError(
    "rate_limited",
    `The next request to OTC is not allowed before ${time}, because OTC limits the pace of requests.`,
    {
      remedy:
        "Try again then. OTC_REQUESTS_PER_HOUR, OTC_REQUEST_INTERVAL_MS and OTC_VIEW_GAP_MS set the pace. " +
        "A load does not wait longer than OTC_MAX_PACE_WAIT_MS.",
    },
  );
}
