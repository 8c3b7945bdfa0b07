import { isInFuture } from "../database/clock.ts";
import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";

/** The state of the circuit, and the requests of the last hour. */
export interface CircuitStatus {
  readonly failuresInRow: number;
  /** Null while the circuit is closed. */
  readonly openedAt: Date | null;
  /** Requests of the last sixty minutes, of every process. */
  readonly requestsLastHour: number;
  readonly lastRequestAt: Date | null;
  /** Requests that are recorded with a time in the future, which is ignored. */
  readonly futureRequests: number;
  readonly lastFutureRequestAt: Date | null;
}

export async function readCircuit(database: Queryable): Promise<CircuitStatus> {
  const table = qualifiedName(database.schema, "etl_requests");
  const future = isInFuture("requested_at");
  const { rows } = await database.query<CircuitStatus>(
    `select failures_in_row as "failuresInRow", opened_at as "openedAt",
       (select count(*) from ${table} where requested_at > now() - interval '1 hour' and not ${future})
         as "requestsLastHour",
       (select max(requested_at) from ${table} where not ${future}) as "lastRequestAt",
       (select count(*) from ${table} where ${future}) as "futureRequests",
       (select max(requested_at) from ${table} where ${future}) as "lastFutureRequestAt"
     from ${qualifiedName(database.schema, "etl_circuit")}`,
  );
  return rows[0] ?? NO_REQUESTS;
}

const NO_REQUESTS: CircuitStatus = {
  failuresInRow: 0,
  openedAt: null,
  requestsLastHour: 0,
  lastRequestAt: null,
  futureRequests: 0,
  lastFutureRequestAt: null,
};
