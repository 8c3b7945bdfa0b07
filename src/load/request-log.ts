import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database, Queryable, Transaction } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import { paceDelay, type PaceLimits } from "../source/pace.ts";
import type { RequestGate } from "../source/request-gate.ts";

interface RequestLogSettings {
  readonly limits: PaceLimits;
  /** A longer wait than this, in milliseconds, is not waited for. */
  readonly maxWaitMs: number;
}

interface MadeRequest {
  readonly id: string;
  readonly viewId: string;
  readonly requestedAt: Date;
  answeredAt: Date | null;
}

/**
 * The pace rules for all processes together: requests are on record in `etl_requests`. They are recorded on a
 * connection of their own, as they are made, because the load's transaction may yet be rolled back. Where there is no
 * other connection (embedded, or none left) the load's own has to do, and `settle` makes up for a rollback.
 */
export class RequestLog implements RequestGate {
  readonly #database: Database;
  readonly #transaction: Transaction;
  readonly #settings: RequestLogSettings;
  readonly #log: Logger;
  readonly #made: MadeRequest[] = [];

  /** @param transaction the load's own */
  constructor(database: Database, transaction: Transaction, settings: RequestLogSettings, log: Logger) {
    this.#database = database;
    this.#transaction = transaction;
    this.#settings = settings;
    this.#log = log;
  }

  async enter(viewId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const delay = await this.#beside((queryable) => this.#reserve(queryable, viewId));
      if (delay === 0) return;
      if (delay > this.#settings.maxWaitMs) throw comeBack(delay);
      this.#log.info({ waitMs: delay }, "waiting until OTC may be asked again");
      await sleep(delay, undefined, { signal });
    }
  }

  async leave(): Promise<void> {
    const request = this.#made.at(-1);
    if (request?.answeredAt !== null) return;
    request.answeredAt = new Date();
    await this.#beside(async (queryable) => {
      await queryable.query(
        `update ${this.#table} set answered_at = clock_timestamp() where request_id = $1`,
        [request.id],
      );
    });
  }

  /** After the load's transaction has ended, in whatever way: records the requests that went down with it. */
  async settle(): Promise<void> {
    for (const { id, viewId, requestedAt, answeredAt } of this.#made) {
      await this.#database.query(
        `insert into ${this.#table} (request_id, view_id, requested_at, answered_at)
         values ($1, $2, $3, $4)
         on conflict (request_id) do nothing`,
        [id, viewId, requestedAt, answeredAt],
      );
    }
  }

  get #table(): string {
    return qualifiedName(this.#database.schema, "etl_requests");
  }

  /** Counts a request as made now, or tells how many milliseconds are missing. One process at a time decides. */
  async #reserve(queryable: Queryable, viewId: string): Promise<number> {
    await queryable.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `otc-etl/${this.#database.schema}/requests`,
    ]);
    const { rows: past } = await queryable.query<{
      viewId: string;
      requestedAt: number;
      answeredAt: number | null;
      now: number;
    }>(
      `select view_id as "viewId", extract(epoch from requested_at)::float8 * 1000 as "requestedAt",
         extract(epoch from answered_at)::float8 * 1000 as "answeredAt"
       from ${this.#table}
       where requested_at > clock_timestamp() - interval '1 hour'
       order by requested_at`,
    );
    const { rows: clock } = await queryable.query<{ now: number }>(
      "select extract(epoch from clock_timestamp())::float8 * 1000 as now",
    );
    const delay = paceDelay(past, viewId, clock[0]?.now ?? Date.now(), this.#settings.limits);
    if (delay > 0) return Math.ceil(delay);
    const id = randomUUID();
    const { rows } = await queryable.query<{ requested_at: Date }>(
      `insert into ${this.#table} (request_id, view_id, requested_at)
       values ($1, $2, clock_timestamp())
       returning requested_at`,
      [id, viewId],
    );
    this.#made.push({ id, viewId, requestedAt: rows[0]?.requested_at ?? new Date(), answeredAt: null });
    return 0;
  }

  async #beside<T>(work: (queryable: Queryable) => Promise<T>): Promise<T> {
    if (this.#database.engine === "embedded") return work(this.#transaction);
    return this.#database.transaction(work);
  }
}

function comeBack(delayMs: number): OtcError {
  const time = new Date(Date.now() + delayMs).toISOString();
  return new OtcError(
    "rate_limited",
    `OTC may not be asked again before ${time}: the requests of this hour are used up.`,
    {
      remedy: "Try again then. OTC_REQUESTS_PER_HOUR is the limit OTC sets.",
    },
  );
}
