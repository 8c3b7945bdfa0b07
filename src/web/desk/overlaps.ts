import { qualifiedName } from "../../database/identifier.ts";
import type { Queryable } from "../../database/database.ts";
import type { DeskData } from "./desk-data.ts";

/** Two timesheets of one user whose times overlap. */
export interface Overlap {
  readonly username: string;
  readonly day: Date;
  readonly timeFrom: string;
  readonly timeTo: string;
  /** Null for internal time. */
  readonly ticketId: number | null;
  readonly otherDay: Date;
  readonly otherTimeFrom: string;
  readonly otherTimeTo: string;
  readonly otherTicketId: number | null;
  readonly overlapHours: number;
}

/** How many pairs there are in the weeks before the newest date, and how many hours are booked twice. */
export interface OverlapTotal {
  readonly pairs: number;
  readonly hours: number;
}

/** Both days are bounded, so that only the timesheets of the period are read; the next day may have 25 hours. */
const IN_PERIOD = `day > $1::timestamptz - $2 * interval '168 hours' and day <= $1
       and other_day > $1::timestamptz - $2 * interval '168 hours' and other_day <= $1::timestamptz + interval '25 hours'`;

export async function countOverlaps({ database, asOf, filter }: DeskData): Promise<OverlapTotal> {
  const { rows } = await database.query<OverlapTotal>(
    `select count(*)::float8 as pairs, coalesce(sum(overlap_hours), 0)::float8 as hours
     from ${qualifiedName(database.schema, "v_timesheet_overlaps")}
     where ${IN_PERIOD}`,
    [asOf, filter.weeks],
  );
  return rows[0] ?? { pairs: 0, hours: 0 };
}

/** Reads overlaps, those of the newest days first. */
export async function readOverlaps(
  database: Queryable,
  asOf: Date,
  { weeks, skip, limit }: { readonly weeks: number; readonly skip: number; readonly limit: number },
): Promise<readonly Overlap[]> {
  const { rows } = await database.query<Overlap>(
    `select username, day, time_from as "timeFrom", time_to as "timeTo", ticket_id as "ticketId",
       other_day as "otherDay", other_time_from as "otherTimeFrom", other_time_to as "otherTimeTo",
       other_ticket_id as "otherTicketId", overlap_hours::float8 as "overlapHours"
     from ${qualifiedName(database.schema, "v_timesheet_overlaps")}
     where ${IN_PERIOD}
     order by day desc, username, time_from, other_time_from
     limit $3 offset $4`,
    [asOf, weeks, limit, skip],
  );
  return rows;
}

/** With two decimals at most. */
export function formatHours(hours: number): string {
  return String(Math.round(hours * 100) / 100);
}
