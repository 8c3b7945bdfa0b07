import { qualifiedName } from "../../database/identifier.ts";
import { formatCount } from "../../format/format.ts";
import { renderBarChart } from "../charts/bar-chart.ts";
import { COUNT } from "../charts/number-format.ts";
import type { Tone } from "../charts/tone.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { linkToTeam } from "./desk-filter.ts";

/** The results of the function `age_bucket`. */
const AGES = [
  { name: "0-1 days", tone: "age-1" },
  { name: "2-7 days", tone: "age-2" },
  { name: "8-30 days", tone: "age-3" },
  { name: "31-90 days", tone: "age-4" },
  { name: "91+ days", tone: "age-5" },
  { name: "unknown", tone: "quiet" },
] as const satisfies readonly { readonly name: string; readonly tone: Tone }[];

/** Active tickets of a team, or of one status of the chosen team. */
interface Backlog {
  readonly name: string;
  /** The team of that name; null if it is a status or no team, or if several teams have the name. */
  readonly team: string | null;
  readonly tickets: number;
  /** The number of tickets by age; ages without tickets are left out. */
  readonly ages: Readonly<Record<string, number>>;
}

/** Reads the backlogs, largest first. Inactive teams are left out, as in v_team_tickets. */
export async function readBacklog({ database, asOf, filter }: DeskData): Promise<readonly Backlog[]> {
  const { rows } = await database.query<Backlog>(
    `select name, case when min(first_team) = max(last_team) then min(first_team) end as team,
       sum(tickets)::float8 as tickets, json_object_agg(age, tickets) as ages
     from (
       select name, min(team) as first_team, max(team) as last_team, ${qualifiedName(database.schema, "age_bucket")}(extract(day from $1::timestamptz - created_time)::integer) as age,
         count(*) as tickets
       from (
         select
           case
             when $2::text is null then coalesce(display_name, teams.team)
             else coalesce(nullif(status, ''), 'No status')
           end as name,
           case when $2::text is null then teams.team end as team,
           created_time
         from ${qualifiedName(database.schema, "teams")} as teams
         join ${qualifiedName(database.schema, "v_ticket_age")} as ticket on ticket.team = teams.team
         where active and ($2 is null or teams.team = $2)
         union all
         select 'No team', null, created_time
         from ${qualifiedName(database.schema, "v_ticket_age")}
         where $2 is null and (team = '' or team is null)
       ) as backlog
       group by name, age
     ) as aged
     group by name
     order by tickets desc, name`,
    [asOf, filter.team ?? null],
  );
  return rows;
}

/** @param team the display name of the chosen team */
export function renderBacklog(
  backlogs: readonly Backlog[],
  team: string | undefined,
  { filter }: DeskData,
): Html {
  const tickets = backlogs.reduce((total, backlog) => total + backlog.tickets, 0);
  const ages = AGES.filter(
    ({ name }) => name !== "unknown" || backlogs.some((backlog) => name in backlog.ages),
  );
  return renderBarChart({
    id: "backlog",
    title: `Backlog by ${team === undefined ? "team" : "status"} and age`,
    summary: `${formatCount(tickets)} active tickets${team === undefined ? "" : ` of ${team}`}, by the time since they were created.`,
    empty: "There are no active tickets.",
    barTitle: team === undefined ? "team" : "status",
    outcomeTitle: "all",
    format: COUNT,
    series: ages,
    bars: backlogs.map((backlog) => ({
      name: backlog.name,
      ...linkToTeam(backlog.team, filter),
      values: ages.map(({ name }) => backlog.ages[name] ?? 0),
    })),
  });
}
