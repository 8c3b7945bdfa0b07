import { html } from "hono/html";
import type { Html, Page } from "../page/page.ts";
import { anyText } from "../page/query.ts";
import { renderTime } from "../page/time.ts";
import { readBacklog, renderBacklog } from "./backlog.ts";
import { type DeskData, readAsOf } from "./desk-data.ts";
import { type DeskFilter, deskFilterOf, PERIODS, periodProblem, periodText } from "./desk-filter.ts";
import { countMissing } from "../../runs/queries/read-missing.ts";
import { missingTimesheets } from "./missing-page.ts";
import { countOverlaps } from "./overlaps.ts";
import { renderFindings } from "./findings.ts";
import { readTeamHours, renderTeamHours } from "./team-hours.ts";
import { readTeamNamed, readTeams, type Team } from "./team-list.ts";
import { readTimeInStatus, renderTimeInStatus } from "./time-in-status.ts";
import { readWeeklyHours, renderWeeklyHours } from "./weekly-hours.ts";
import { readWeeklyTickets, renderWeeklyTickets } from "./weekly-tickets.ts";

/** The state of the service desk, from the loaded data. */
export const deskPage: Page = {
  path: "/desk",
  navigation: "Service desk",
  parameters: { team: anyText, weeks: periodText },

  async content(request) {
    const { database, settings } = request;
    const title = "Service desk";
    const problem = periodProblem(request);
    if (problem !== undefined) {
      return {
        title,
        status: 404,
        body: html`${renderDeskForm(await readTeams(database), deskFilterOf(request))}
          <ul class="problems">
            <li>${problem}</li>
          </ul>`,
      };
    }
    const asOf = await readAsOf(database);
    if (asOf === undefined) {
      return {
        title,
        body: html`<p class="empty">Nothing has been loaded yet: run <code>otc-etl load</code>.</p>`,
      };
    }
    const filter = deskFilterOf(request);
    const chosen = filter.team === undefined ? undefined : await readTeamNamed(database, filter.team);
    if (filter.team !== undefined && chosen === undefined) {
      return {
        title,
        status: 404,
        body: html`<p class="empty">There is no team of this name. <a href="/desk">All teams</a></p>`,
      };
    }
    const data: DeskData = { database, asOf, timeZone: settings.timezone, filter };
    const teams = await readTeams(database);
    const team = chosen?.name;
    const ticketWeeks = await readWeeklyTickets(data);
    const hourWeeks = await readWeeklyHours(data);
    const backlogs = await readBacklog(data, teams);
    return {
      title,
      lead: html`${team ?? "All teams"}, as of ${renderTime(asOf)}, the newest date in the data. Weeks begin
      on Monday${data.timeZone === "UTC" ? "" : ` in ${data.timeZone}`}.`,
      body: html`${renderDeskForm(teams, filter)}
        ${team === undefined ? renderFindings(await countOverlaps(data), await countMissing(database, missingTimesheets()), data) : ""}
        <div class="charts">
          ${renderWeeklyTickets(ticketWeeks, data)} ${renderWeeklyHours(hourWeeks, data)}
          ${renderBacklog(backlogs, team, data)}
          ${team === undefined ? await renderChartsOfAllTeams(data) : ""}
        </div>`,
    };
  },
};

/** What is known of all teams together only. */
async function renderChartsOfAllTeams(data: DeskData): Promise<Html> {
  const hours = await readTeamHours(data);
  const stays = await readTimeInStatus(data);
  return html`${renderTeamHours(hours, data)} ${renderTimeInStatus(stays, data)}`;
}

function renderDeskForm(teams: readonly Team[], { team, weeks }: DeskFilter): Html {
  return html`<form method="get" action="/desk" class="filters" role="search" aria-label="Service desk">
    <label
      >Team
      <select name="team">
        <option value="">all teams</option>
        ${teams.map(
          (one) =>
            html`<option value="${one.team}" ${one.team === team ? "selected" : ""}>${one.name}</option>`,
        )}
      </select>
    </label>
    <label
      >Hours and statuses
      <select name="weeks">
        ${PERIODS.map(
          (period) =>
            html`<option value="${period}" ${period === weeks ? "selected" : ""}>
              last ${period} weeks
            </option>`,
        )}
      </select>
    </label>
    <button>Show</button>
    <a href="/desk">all data</a>
  </form>`;
}
