import { isInFuture } from "../database/clock.ts";
import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import { formatNumberOf } from "../format/format.ts";

/** When the circuit opens, and for how long. */
export interface CircuitLimits {
  /** The number of failed fetches in a row that opens the circuit. */
  readonly failures: number;
  /** The cool-down, in milliseconds. */
  readonly cooldownMs: number;
}

function circuitTable(schema: string): string {
  return qualifiedName(schema, "etl_circuit");
}

/** A circuit that lets no fetch begin. */
export interface OpenCircuit {
  /** When the cool-down ends. */
  readonly until: Date;
  readonly failuresInRow: number;
}

/**
 * Lets a fetch begin, unless the circuit is open. After the cool-down, one process may try a fetch. If that fetch
 * reports nothing, the others wait for one more cool-down.
 *
 * @returns undefined when a fetch may begin
 */
export async function passCircuit(
  database: Queryable,
  { cooldownMs }: CircuitLimits,
): Promise<OpenCircuit | undefined> {
  const { schema } = database;
  const { rows } = await database.query<{ passed: boolean; failures_in_row: number; again_at: Date }>(
    `with passed as (
       update ${circuitTable(schema)}
       set probe_at = clock_timestamp(), opened_at = least(opened_at, clock_timestamp())
       where greatest(opened_at, probe_at) < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
         or ${isInFuture("greatest(opened_at, probe_at)")}
       returning circuit_id
     )
     select opened_at is null or exists (select from passed) as passed, failures_in_row,
       -- If the cool-down is over already, another process has just begun to try.
       case when greatest(opened_at, probe_at) < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
         then clock_timestamp() else greatest(opened_at, probe_at)
       end + make_interval(secs => $1::float8 / 1000) as again_at
     from ${circuitTable(schema)}`,
    [cooldownMs],
  );
  const circuit = rows[0];
  if (circuit === undefined || circuit.passed) return undefined;
  return { until: circuit.again_at, failuresInRow: circuit.failures_in_row };
}

/** @param lastFailure what failed last and why, in a sentence; undefined when it is not on record */
export function circuitOpenError(
  { until, failuresInRow }: OpenCircuit,
  lastFailure: string | undefined,
): OtcError {
  return new OtcError(
    "circuit_open",
    `The circuit is open until ${until.toISOString()}: ${formatNumberOf(failuresInRow, "fetch", "fetches in a row")} failed.` +
      (lastFailure === undefined ? "" : ` ${lastFailure}`),
    { remedy: "Try again then, or load with --ignore-circuit once you know that OTC works again." },
  );
}

/** Closes the circuit after a successful fetch. */
export async function fetchSucceeded(database: Queryable): Promise<void> {
  await database.query(
    `update ${circuitTable(database.schema)}
     set failures_in_row = 0, opened_at = null, probe_at = null
     where failures_in_row > 0 or opened_at is not null or probe_at is not null`,
  );
}

/**
 * Ends the attempt after a cool-down when OTC has refused the request, for example because of a wrong password. Asking again
 * cannot help, so the refusal is not counted; and the next fetch need not wait, because its settings may be corrected.
 */
export async function fetchRefused(database: Queryable): Promise<void> {
  await database.query(
    `update ${circuitTable(database.schema)} set probe_at = null where probe_at is not null`,
  );
}

/** Counts a fetch that failed permanently. The circuit opens at the limit, and again when the fetch after a cool-down fails. */
export async function fetchFailed(database: Queryable, { failures }: CircuitLimits): Promise<void> {
  await database.query(
    `update ${circuitTable(database.schema)}
     set failures_in_row = failures_in_row + 1,
       opened_at = case when failures_in_row + 1 >= $1 then clock_timestamp() end,
       probe_at = null`,
    [failures],
  );
}
