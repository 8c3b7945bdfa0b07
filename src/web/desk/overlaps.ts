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

/** The days of the weeks before the newest date, which are `$2` and `$1`. */
const IN_PERIOD = "day > $1::timestamptz - $2 * interval '168 hours' and day <= $1";

/** Adds up what loads have counted. */
export async function countOverlaps({
  database,
  asOf,
  filter,
}: Pick<DeskData, "database" | "asOf" | "filter">): Promise<OverlapTotal> {
  const { rows } = await database.query<OverlapTotal>(
    `select coalesce(sum(pairs), 0)::float8 as pairs, coalesce(sum(hours), 0)::float8 as hours
     from ${qualifiedName(database.schema, "timesheet_overlap_days")}
     where ${IN_PERIOD}`,
    [asOf, filter.weeks],
  );
  return rows[0] ?? { pairs: 0, hours: 0 };
}

/** A user and day with pairs on a page. */
interface OverlapDay {
  readonly username: string;
  /** As the database writes it. */
  readonly day: string;
  /** How many pairs of the period come before those of this user and day. */
  readonly before: number;
}

/** Reads overlaps, those of the newest days first. Only the timesheets of users and days with these pairs are read. */
export async function readOverlaps(
  database: Queryable,
  asOf: Date,
  page: { readonly weeks: number; readonly skip: number; readonly limit: number },
): Promise<readonly Overlap[]> {
  const days = await readOverlapDays(database, asOf, page);
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { rows } = await database.query<Overlap>(
    `select username, day, time_from as "timeFrom", time_to as "timeTo", ticket_id as "ticketId",
       other_day as "otherDay", other_time_from as "otherTimeFrom", other_time_to as "otherTimeTo",
       other_ticket_id as "otherTicketId", overlap_hours::float8 as "overlapHours"
     from ${qualifiedName(database.schema, "v_timesheet_overlaps")}
     where username = any($1::text[]) and day = any($2::timestamptz[])
       and (username, day) in (select * from unnest($1::text[], $2::timestamptz[]))
       and other_day >= $3::timestamptz and other_day <= $4::timestamptz + interval '25 hours'
     order by day desc, username, time_from, other_time_from
     limit $5 offset $6`,
    [
      days.map(({ username }) => username),
      days.map(({ day }) => day),
      last.day,
      first.day,
      page.limit,
      page.skip - first.before,
    ],
  );
  return rows;
}

async function readOverlapDays(
  database: Queryable,
  asOf: Date,
  { weeks, skip, limit }: { readonly weeks: number; readonly skip: number; readonly limit: number },
): Promise<readonly OverlapDay[]> {
  const { rows } = await database.query<OverlapDay>(
    `select username, day::text as "day", before
     from (
       select username, day, pairs,
         (sum(pairs) over (order by day desc, username rows unbounded preceding) - pairs)::float8 as before
       from ${qualifiedName(database.schema, "timesheet_overlap_days")}
       where pairs > 0 and ${IN_PERIOD}
     ) as counted
     where before + pairs > $3 and before < $3::float8 + $4
     order by before`,
    [asOf, weeks, skip, limit],
  );
  return rows;
}

/** With two decimals at most. */
export function formatHours(hours: number): string {
  return String(Math.round(hours * 100) / 100);
}
