import { qualifiedName } from "../../database/identifier.ts";
import { renderBarChart } from "../charts/bar-chart.ts";
import { HOURS } from "../charts/number-format.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { linkToTeam } from "./desk-filter.ts";

/** Hours booked on the tickets of a team. */
interface TeamHours {
  /** The display name of the team; null for hours booked without a ticket, or on a ticket whose team is unknown. */
  readonly name: string | null;
  /** The team of that name; null if there is no such team, or if several teams have the name. */
  readonly team: string | null;
  readonly isInternal: boolean;
  readonly billable: number;
  readonly other: number;
}

/** Reads the hours of the weeks before the newest date, most hours first. Inactive teams are left out. */
export async function readTeamHours({ database, asOf, filter }: DeskData): Promise<readonly TeamHours[]> {
  const { rows } = await database.query<TeamHours>(
    `select coalesce(display_name, team) as name, is_internal as "isInternal",
       case when min(teams.team) = max(teams.team) then min(teams.team) end as team,
       coalesce(sum(hours) filter (where is_billable), 0)::float8 as billable,
       coalesce(sum(hours) filter (where not is_billable), 0)::float8 as other
     from ${qualifiedName(database.schema, "team_hours")}
     left join ${qualifiedName(database.schema, "teams")} as teams using (team)
     where day > $1::timestamptz - $2 * interval '168 hours' and day <= $1 and teams.active is not false
     group by name, is_internal
     order by sum(hours) desc, name`,
    [asOf, filter.weeks],
  );
  return rows;
}

/** @param hours the result of `readTeamHours` */
export function renderTeamHours(hours: readonly TeamHours[], { filter }: DeskData): Html {
  const withoutTeam = (isInternal: boolean): number =>
    hours
      .filter((one) => one.name === null && one.isInternal === isInternal)
      .reduce((total, { billable, other }) => total + billable + other, 0);
  return renderBarChart({
    id: "team-hours",
    title: "Hours by team",
    summary:
      `Hours booked on the tickets of each team in ${filter.weeks} weeks. Not included: ` +
      `${HOURS.exact(withoutTeam(false))} on tickets that are not loaded or have no team, ` +
      `and ${HOURS.exact(withoutTeam(true))} of internal time.`,
    empty: `No hours were booked on tickets of a team in the last ${filter.weeks} weeks.`,
    barTitle: "team",
    outcomeTitle: "all",
    format: HOURS,
    series: [
      { name: "billable", tone: "primary" },
      { name: "not billable", tone: "secondary" },
    ],
    bars: hours.flatMap(({ name, team, billable, other }) =>
      name === null ? [] : [{ name, ...linkToTeam(team, filter), values: [billable, other] }],
    ),
  });
}
