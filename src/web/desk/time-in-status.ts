import { qualifiedName } from "../../database/identifier.ts";
import { formatAge, formatCount } from "../../format/format.ts";
import { renderBarChart } from "../charts/bar-chart.ts";
import { COUNT } from "../charts/number-format.ts";
import type { Tone } from "../charts/tone.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The classes of durations, each with its upper bound in seconds. */
const LENGTHS = [
  { name: "under 4 hours", tone: "age-1", below: 4 * HOUR },
  { name: "4-24 hours", tone: "age-2", below: DAY },
  { name: "1-7 days", tone: "age-3", below: 7 * DAY },
  { name: "7-30 days", tone: "age-4", below: 30 * DAY },
  { name: "over 30 days", tone: "age-5", below: Infinity },
] as const satisfies readonly { readonly name: string; readonly tone: Tone; readonly below: number }[];

/** The stays in one status that have ended. */
interface StatusStays {
  readonly status: string;
  /** The median duration, in seconds. */
  readonly median: number;
  /** The number of stays in each class, shortest first. */
  readonly counts: readonly number[];
}

/** Reads the stays that ended in the weeks before the newest date, most frequent status first. */
export async function readTimeInStatus({
  database,
  asOf,
  filter,
}: DeskData): Promise<readonly StatusStays[]> {
  const bounds = [0, ...LENGTHS.map(({ below }) => below)];
  const { rows } = await database.query<StatusStays>(
    `select coalesce(nullif(status, ''), 'No status') as status,
       percentile_cont(0.5) within group (order by seconds) as median,
       array[${LENGTHS.map((_, index) => `count(*) filter (where length = ${index + 1})`).join(", ")}]::float8[] as counts
     from (
       select status, seconds, width_bucket(seconds, $3::float8[]) as length
       from ${qualifiedName(database.schema, "status_stays")}
       where ended_at > $1::timestamptz - $2 * interval '168 hours' and ended_at <= $1 and seconds is not null
     ) as stays
     group by 1
     order by count(*) desc, 1`,
    [asOf, filter.weeks, bounds],
  );
  return rows;
}

export function renderTimeInStatus(stays: readonly StatusStays[], { filter: { weeks } }: DeskData): Html {
  const all = stays.reduce((total, { counts }) => total + counts.reduce((sum, count) => sum + count, 0), 0);
  return renderBarChart({
    id: "time-in-status",
    title: "Time in status",
    summary: `How long tickets of all teams had been in a status when they left it, and the median: ${formatCount(all)} changes in ${weeks} weeks.`,
    empty: `No load recorded a status change in the last ${weeks} weeks. Recording begins with the second load of tickets.`,
    barTitle: "status",
    outcomeTitle: "median",
    asShares: true,
    format: COUNT,
    series: LENGTHS,
    bars: stays.map(({ status, median, counts }) => ({
      name: status,
      values: counts,
      outcome: formatAge(median),
    })),
  });
}
