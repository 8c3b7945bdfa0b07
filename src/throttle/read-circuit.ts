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
}

export async function readCircuit(database: Queryable): Promise<CircuitStatus> {
  const { rows } = await database.query<CircuitStatus>(
    `select failures_in_row as "failuresInRow", opened_at as "openedAt",
       (select count(*) from ${qualifiedName(database.schema, "etl_requests")}
        where requested_at > now() - interval '1 hour') as "requestsLastHour",
       (select max(requested_at) from ${qualifiedName(database.schema, "etl_requests")}) as "lastRequestAt"
     from ${qualifiedName(database.schema, "etl_circuit")}`,
  );
  return rows[0] ?? { failuresInRow: 0, openedAt: null, requestsLastHour: 0, lastRequestAt: null };
}
