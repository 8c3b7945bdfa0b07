import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { formatCount } from "../../format/format.ts";
import { renderBarChart } from "../charts/bar-chart.ts";
import { COUNT } from "../charts/number-format.ts";
import type { Tone } from "../charts/tone.ts";
import type { Html } from "../page/page.ts";
import type { DeskData } from "./desk-data.ts";
import { linkToTeam } from "./desk-filter.ts";
import type { Team } from "./team-list.ts";

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

/** Of the columns of `v_ticket_age`: the tickets of the teams `$3` and statuses `$4`, and those that have none. An index has both. */
const SHOWN_TICKETS = `(team = any($3::text[]) and status = any($4::text[]))
         or (team = any($3::text[]) and status is null)
         or ($2::text is null and team is null and status = any($4::text[]))
         or ($2::text is null and team is null and status is null)`;

/**
 * Reads the backlogs, largest first. Inactive teams are left out, as in v_team_tickets.
 *
 * @param teams the active teams
 */
export async function readBacklog(
  { database, asOf, filter }: DeskData,
  teams: readonly Team[],
): Promise<readonly Backlog[]> {
  const shown = teams.filter(({ team }) => filter.team === undefined || team === filter.team);
  const { rows } = await database.query<Backlog>(
    `with counted as materialized (
       select team, status,
         ${qualifiedName(database.schema, "age_bucket")}(extract(day from $1::timestamptz - created_time)::integer) as age,
         count(*) as tickets
       from ${qualifiedName(database.schema, "v_ticket_age")}
       where ${SHOWN_TICKETS}
       group by 1, 2, 3
     )
     select name, case when min(team) = max(team) then min(team) end as team, sum(tickets)::float8 as tickets,
       json_object_agg(age, tickets) as ages
     from (
       select
         case when $2::text is null then coalesce(shown.name, 'No team') else coalesce(nullif(status, ''), 'No status') end as name,
         case when $2::text is null then shown.team end as team, age, sum(tickets) as tickets
       from counted
       left join unnest($5::text[], $6::text[]) as shown (team, name) on shown.team = counted.team
       group by 1, 2, 3
     ) as aged
     group by name
     order by tickets desc, name`,
    [
      asOf,
      filter.team ?? null,
      [...shown.map(({ team }) => team), ...(filter.team === undefined ? [""] : [])],
      await readActiveStatuses(database),
      shown.map(({ team }) => team),
      shown.map(({ name }) => name),
    ],
  );
  return rows;
}

async function readActiveStatuses(database: Queryable): Promise<readonly string[]> {
  const { rows } = await database.query<{ status: string }>(
    `select status from ${qualifiedName(database.schema, "v_statuses_in_use")}
     except select status from ${qualifiedName(database.schema, "inactive_statuses")}`,
  );
  return rows.map(({ status }) => status);
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
