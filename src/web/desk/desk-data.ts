import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { DeskFilter } from "./desk-filter.ts";

/** What a chart of the desk is read from. */
export interface DeskData {
  readonly database: Queryable;
  /** The newest date in the data. */
  readonly asOf: Date;
  /** Weeks begin on Mondays of this time zone. */
  readonly timeZone: string;
  readonly filter: DeskFilter;
}

/**
 * The newest date in the data that is not in the future: what "now" means for tickets that were loaded last night. Weeks and
 * ages counted from the clock would tell how old the data is, and not how the desk stands.
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
