import { qualifiedName } from "../../database/identifier.ts";
import { HOURS } from "../charts/number-format.ts";
import { renderPanelChart } from "../charts/panel/panel-chart.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { mondayOf, type Week, weeksUntil, weekText } from "./weeks.ts";

/** A quarter, which is what `team_hours` covers. */
const WEEKS = 13;

/** The hours booked for the days of a week. */
interface HourWeek extends Week {
  readonly billable: number;
  readonly other: number;
}

/** Reads the last complete weeks, oldest first, and the current week. */
export async function readWeeklyHours({
  database,
  asOf,
  timeZone,
  filter,
}: DeskData): Promise<readonly HourWeek[]> {
  const { rows } = await database.query<HourWeek>(
    `select week, coalesce(billable, 0) as billable, coalesce(other, 0) as other
     from ${weeksUntil(WEEKS, timeZone)}
     left join (
       select ${mondayOf("day", timeZone)} as monday,
         sum(hours) filter (where is_billable)::float8 as billable,
         sum(hours) filter (where not is_billable)::float8 as other
       from ${qualifiedName(database.schema, "team_hours")}
       where day <= $1 and ($2::text is null or team = $2)
       group by 1
     ) as booked using (monday)
     order by week`,
    [asOf, filter.team ?? null],
  );
  return rows;
}

/** @param weeks the result of `readWeeklyHours` */
export function renderWeeklyHours(weeks: readonly HourWeek[], { timeZone, filter }: DeskData): Html {
  const ended = weeks.slice(0, -1);
  const all = weeks.map(({ billable, other }) => billable + other);
  const soFar = all.at(-1) ?? 0;
  const total = all.reduce((sum, hours) => sum + hours, 0);
  return renderPanelChart({
    id: "weekly-hours",
    title: "Hours per week",
    summary:
      `${HOURS.exact(total - soFar)} in ${WEEKS} weeks` +
      `${filter.team === undefined ? ", internal time included" : ""}. This week so far: ${HOURS.exact(soFar)}.`,
    empty: `No hours were booked in the last ${WEEKS} weeks.`,
    positionTitle: "week of",
    positions: total === 0 ? [] : ended.map((week) => weekText(week, timeZone)),
    panels: [
      {
        name: "hours",
        marks: "columns",
        format: HOURS,
        height: 170,
        series: [
          { name: "billable", tone: "primary", values: ended.map(({ billable }) => billable) },
          { name: "not billable", tone: "secondary", values: ended.map(({ other }) => other) },
        ],
      },
    ],
  });
}
