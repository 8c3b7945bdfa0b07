import type { Queryable } from "./database.ts";

/**
 * A condition that a recorded time lies in the future, by the clock of the database. A clock that jumped has left such
 * times. Nothing may wait for them, so everything that depends on recorded times ignores them. Within a minute, a clock is
 * only being adjusted.
 *
 * @param time an SQL expression of type timestamptz
 * @returns an SQL condition that is null when the time is null
 */
export function isInFuture(time: string): string {
  return `${time} > statement_timestamp() + interval '1 minute'`;
}

/** The time by the clock of the database, to be compared with recorded times. */
export async function readClock(database: Queryable): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>("select clock_timestamp() as now");
  return rows[0]?.now ?? new Date();
}
