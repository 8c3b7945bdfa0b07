import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { DeskFilter } from "./desk-filter.ts";

/** What the charts of the service desk are read with. */
export interface DeskData {
  readonly database: Queryable;
  /** The newest date in the data. */
  readonly asOf: Date;
  /** Weeks begin on Mondays of this time zone. */
  readonly timeZone: string;
  readonly filter: DeskFilter;
}

/**
 * The newest date in the data that is not in the future. It stands for "now": weeks and ages counted from the clock would
 * show the age of the data, and not the state of the service desk.
 *
 * @returns undefined when there is no data
 */
export async function readAsOf(database: Queryable): Promise<Date | undefined> {
  const tickets = qualifiedName(database.schema, "tickets");
  const timesheets = qualifiedName(database.schema, "timesheets");
  const { rows } = await database.query<{ asOf: Date | null }>(
    `select greatest(
       (select max("TKT-Created Time") from ${tickets} where "TKT-Created Time" <= now()),
       (select max("TKT-Modified Time") from ${tickets} where "TKT-Modified Time" <= now()),
       (select max("TS-Date") from ${timesheets} where "TS-Date" <= now())
     ) as "asOf"`,
  );
  return rows[0]?.asOf ?? undefined;
}
