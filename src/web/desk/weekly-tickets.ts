import { qualifiedName } from "../../database/identifier.ts";
import { formatCount } from "../../format/format.ts";
import { COUNT } from "../charts/number-format.ts";
import { renderPanelChart } from "../charts/panel/panel-chart.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { mondayOf, type Week, weeksUntil, weekText } from "./weeks.ts";

/** Half a year. */
const WEEKS = 26;

/** The longest week, in which clocks go back. */
const LONGEST_WEEK = "interval '169 hours'";

/** Tickets of a week. */
interface TicketWeek extends Week {
  /** By "TKT-Created Time". */
  readonly opened: number;
  /** By "TKT-Closure Date". */
  readonly closed: number;
}

/** Reads the last complete weeks, oldest first, and the current week. */
export async function readWeeklyTickets({
  database,
  asOf,
  timeZone,
  filter,
}: DeskData): Promise<readonly TicketWeek[]> {
  const countBy = (column: string): string =>
    `(select ${mondayOf(`"${column}"`, timeZone)} as monday, count(*) as tickets
      from ${qualifiedName(database.schema, "tickets")}
      where "${column}" > $1::timestamptz - ${WEEKS + 1} * ${LONGEST_WEEK}
        and ($2::text is null or "TKT-Team" = $2) and deleted_at is null
      group by 1)`;
  const { rows } = await database.query<TicketWeek>(
    `select week, coalesce(opened.tickets, 0) as opened, coalesce(closed.tickets, 0) as closed
     from ${weeksUntil(WEEKS, timeZone)}
     left join ${countBy("TKT-Created Time")} as opened using (monday)
     left join ${countBy("TKT-Closure Date")} as closed using (monday)
     order by week`,
    [asOf, filter.team ?? null],
  );
  return rows;
}

/** @param weeks the result of `readWeeklyTickets` */
export function renderWeeklyTickets(weeks: readonly TicketWeek[], { timeZone }: DeskData): Html {
  const ended = weeks.slice(0, -1);
  const current = weeks.at(-1);
  const opened = ended.map((week) => week.opened);
  const closed = ended.map((week) => week.closed);
  const isEmpty = weeks.every((week) => week.opened === 0 && week.closed === 0);
  return renderPanelChart({
    id: "weekly-tickets",
    title: "Tickets per week",
    summary:
      `${formatCount(sum(opened))} opened, ${formatCount(sum(closed))} closed in ${WEEKS} weeks. ` +
      `This week so far: ${formatCount(current?.opened ?? 0)} and ${formatCount(current?.closed ?? 0)}.`,
    empty: `No ticket was opened or closed in the last ${WEEKS} weeks.`,
    positionTitle: "week of",
    positions: isEmpty ? [] : ended.map((week) => weekText(week, timeZone)),
    panels: [
      {
        name: "tickets",
        marks: "lines",
        format: COUNT,
        height: 170,
        series: [
          { name: "opened", tone: "primary", values: opened },
          { name: "closed", tone: "secondary", values: closed },
        ],
      },
    ],
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
