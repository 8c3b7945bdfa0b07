import { expect, test } from "vitest";
import type { Loader } from "../../../src/loader/loader.ts";
import { ScheduleCalendar } from "../../../src/schedule/schedule-calendar.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { readBacklog } from "../../../src/web/desk/backlog.ts";
import { type DeskData, readAsOf } from "../../../src/web/desk/desk-data.ts";
import { deskPage } from "../../../src/web/desk/desk-page.ts";
import { missingPage } from "../../../src/web/desk/missing-page.ts";
import { readTeamHours } from "../../../src/web/desk/team-hours.ts";
import { readTeams } from "../../../src/web/desk/team-list.ts";
import { readTimeInStatus } from "../../../src/web/desk/time-in-status.ts";
import { readWeeklyHours } from "../../../src/web/desk/weekly-hours.ts";
import { readWeeklyTickets } from "../../../src/web/desk/weekly-tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, load, loadFromApi } from "../../support/load-records.ts";
import { loadedDatabase } from "../../support/loaded-database.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

/** Its clocks go forward within the weeks of the test, and its Mondays begin on Sundays of UTC. */
const ZONE = "Australia/Sydney";

const NO_SCHEDULE = new ScheduleCalendar([], 1);

const HOSTILE = "<script>alert(1)</script>";
const TEAMS = ["Network", "SAP", HOSTILE, "", null];
const STATUSES = ["Open", "Closed", "Pending", "Incident Resolved", null];

const NEWEST = Date.parse("2025-12-10T05:00:00Z");
/** The newest day of a timesheet that has come. */
const NEWEST_DAY = "2025-12-08 00:00+11";

const HOUR_MS = 3_600_000;

const hoursBefore = (hours: number): string => new Date(NEWEST - hours * HOUR_MS).toISOString();

/** @param turn another one is another night, when some tickets have another status or team */
function someTickets(turn: number): Fields[] {
  return many(60, (id) => {
    const changed = id % 4 === 0 ? turn : 0;
    return ticket(id, {
      "TKT-Team": TEAMS[(id + changed) % TEAMS.length],
      "TKT-Status": STATUSES[(id * 7 + changed) % STATUSES.length],
      "TKT-Created Time": id === 7 ? null : hoursBefore(id * id * 2),
      "TKT-Closure Date": id % 2 === 0 ? hoursBefore(id * id + 3) : null,
      "TKT-Modified Time": hoursBefore(id * 3 + 50 - 20 * changed),
    });
  });
}

/** Some for tickets that are not there, of days before the summary begins, and for a day that has not come. */
const SOME_TIMESHEETS = many(90, (entry) =>
  timesheet(`user${entry % 7}`, {
    "TS-Date": entry === 90 ? "2999-01-01" : hoursBefore(entry * 37).slice(0, 10),
    "TS-Crm ID": entry % 3 === 0 ? null : entry,
    "TS-Hours": entry % 11 === 0 ? null : entry / 4,
    "TS-Billable": entry % 5 === 0 ? null : entry % 2 === 0 ? "Yes" : "No",
  }),
);

async function deskOf(loader: Loader, filter: Partial<DeskData["filter"]> = {}): Promise<DeskData> {
  const database = await loader.database();
  const asOf = (await readAsOf(database)) ?? new Date(Number.NaN);
  return { database, asOf, timeZone: ZONE, filter: { team: undefined, weeks: 13, ...filter } };
}

/** Compares what was kept up, and what the page is drawn from, with plain SQL over the tables. */
async function expectTruth(database: DatabaseUnderTest, loader: Loader): Promise<void> {
  const table = (name: string): string => database.table(name);
  const desk = await deskOf(loader);

  const booked = `select "TS-Date", nullif("TKT-Team", ''), "TS-Crm ID" is null, "TS-Billable" is true,
      sum(coalesce("TS-Hours", 0))
    from ${table("timesheets")} left join ${table("tickets")} on "TKT-Ticket ID" = "TS-Crm ID"
    where "TS-Date" > timestamptz '${NEWEST_DAY}' - interval '2352 hours' group by 1, 2, 3, 4`;
  const kept = `select day, team, is_internal, is_billable, hours from ${table("team_hours")}`;
  for (const difference of [`(${booked}) except (${kept})`, `(${kept}) except (${booked})`]) {
    expect(await database.sql(difference)).toEqual([]);
  }

  expect(
    await database.sql(
      `select ticket_id, stays.status, sum(seconds)::float8 as seconds, count(*) as periods
       from ${table("status_stays")} as stays join ${table("ticket_history")} using (history_id)
       where (ticket_id, coalesce(stays.status, '')) not in (
         select ticket_id, coalesce(status, '') from ${table("v_ticket_time_in_status")} where is_current
       )
       group by 1, 2 order by 1, 2`,
    ),
  ).toEqual(
    await database.sql(
      `select ticket_id, status, seconds_in_status::float8 as seconds, periods
       from ${table("v_ticket_time_in_status")} where not is_current order by 1, 2`,
    ),
  );

  const [teams, backlogs] = [
    await database.sql<{ name: string; tickets: number }>(
      `select display_name as name, active_tickets as tickets from ${table("v_team_tickets")} where active_tickets > 0`,
    ),
    await readBacklog(desk, await readTeams(desk.database)),
  ];
  const byName = (rows: readonly { name: string; tickets: number }[]) =>
    rows.map(({ name, tickets }) => `${name}: ${tickets}`).sort();
  expect(byName(backlogs.filter(({ name }) => name !== "No team"))).toEqual(byName(teams));
  for (const { tickets, ages } of backlogs) {
    expect(Object.values(ages).reduce((sum, count) => sum + count, 0)).toBe(tickets);
  }

  const weeks = await readWeeklyTickets(desk);
  expect(weeks).toHaveLength(27);
  for (const [column, counts] of [
    ["TKT-Created Time", weeks.map(({ week, opened }) => [week, opened])],
    ["TKT-Closure Date", weeks.map(({ week, closed }) => [week, closed])],
  ] as const) {
    const rows = await database.sql<{ week: Date; tickets: number }>(
      `select date_trunc('week', "${column}", $1) as week, count(*) as tickets from ${table("tickets")}
       where "${column}" >= $2::timestamptz group by 1 order by 1`,
      [ZONE, weeks[0]?.week ?? null],
    );
    expect(counts.filter(([, count]) => count !== 0)).toEqual(
      rows.map(({ week, tickets }) => [week, tickets]),
    );
  }

  const hours = await readWeeklyHours(desk);
  const bookedHours = await database.sql<{ week: Date; hours: number }>(
    `select date_trunc('week', "TS-Date", $1) as week, sum("TS-Hours")::float8 as hours from ${table("timesheets")}
     where "TS-Date" >= $2::timestamptz and "TS-Date" <= $3 group by 1 order by 1`,
    [ZONE, hours[0]?.week ?? null, desk.asOf],
  );
  expect(hours.map(({ week, billable, other }) => ({ week, hours: billable + other }))).toEqual(bookedHours);
}

describeEachDatabase("the page of the service desk", (target) => {
  test("shows the content of the tables, whatever loads, people and settings have changed", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: ZONE });
    const { settings } = loader;
    const page = async (query: string): Promise<string> => {
      const { database: opened } = await deskOf(loader);
      const request = {
        database: opened,
        views: [tickets, timesheets],
        settings,
        calendar: NO_SCHEDULE,
        params: {},
      };
      const { lead, body } = await deskPage.content({ ...request, query: new URLSearchParams(query) });
      return `${await lead} ${await body}`;
    };
    expect(await page("")).toContain("Nothing has been loaded yet");

    await load(loader, tickets, someTickets(0));
    await load(loader, timesheets, SOME_TIMESHEETS);
    expect(await readTimeInStatus(await deskOf(loader))).toEqual([]);

    await load(loader, tickets, someTickets(1));
    await load(loader, tickets, someTickets(2));
    await expectTruth(database, loader);
    const stays = await readTimeInStatus(await deskOf(loader));
    expect(stays.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0)).toBe(30);

    // Old values again, as a replay writes them; then what `migrate` does for rows that were there before.
    await load(loader, tickets, someTickets(0));
    await expectTruth(database, loader);
    const kept = await database.sql(`select * from ${database.table("status_stays")} order by history_id`);
    for (const name of ["team_hours", "status_stays"]) {
      await database.sql(`delete from ${database.table(name)}`);
      await database.sql(`select ${database.table(`refresh_${name}`)}()`);
    }
    expect(await database.sql(`select * from ${database.table("status_stays")} order by history_id`)).toEqual(
      kept,
    );

    await database.sql(`insert into ${database.table("inactive_statuses")} values ('Pending')`);
    await database.sql(`update ${database.table("teams")} set active = false where team = 'Network'`);
    await database.sql(`update ${database.table("teams")} set display_name = 'SAP Basis' where team = 'SAP'`);
    await expectTruth(database, loader);
    const teams = (await readTeamHours(await deskOf(loader))).map(({ name }) => name);
    expect(new Set(teams)).toEqual(new Set(["SAP Basis", HOSTILE, null]));
    const ofSap = await deskOf(loader, { team: "SAP" });
    const pending = await readBacklog(ofSap, await readTeams(ofSap.database));
    expect(pending.map(({ name }) => name)).not.toContain("Pending");

    const everything = await page("");
    expect(everything).toContain("&lt;script&gt;");
    expect(everything).not.toContain("<script");
    expect(await page(`team=${encodeURIComponent(HOSTILE)}&weeks=13`)).not.toContain("<script");
    const ofTeam = await page("team=SAP&weeks=4");
    expect(ofTeam).toContain("SAP Basis, as of");
    // What is known of all teams together only is not shown as if it were of one.
    expect(everything).toContain("Time in status");
    expect(everything).toContain("No timesheet is on record that OTC no longer sends.");
    expect(ofTeam).not.toContain("Time in status");
    // The bar of a team leads to the page of the team, and keeps the period.
    expect(everything).toContain('<span class="bar-name"><a href="/desk?team=SAP&amp;weeks=4">SAP Basis</a>');
    expect(ofTeam).not.toContain('<span class="bar-name"><a');
  });

  test("lists timesheets that OTC no longer sends, and those with another key, page by page", async () => {
    const entry = (day: number, from = "09:00"): Fields =>
      timesheet("ann", { "TS-Date": `2025-05-${day}T00:00:00Z`, "TS-Time From": from, "TS-Crm ID": 1 });
    const nights = many(20, (day) => entry(day + 9));
    const later = [...nights.filter((_, index) => ![5, 9].includes(index)), entry(15, "10:30")];
    const { database, loader } = await loadedDatabase(target, timesheets, nights);
    await loadFromApi(loader, timesheets, later);
    await loadFromApi(loader, timesheets, later);
    const opened = await loader.database();
    const ask = (page: typeof deskPage, query: string) =>
      page.content({
        database: opened,
        views: [timesheets],
        settings: loader.settings,
        calendar: NO_SCHEDULE,
        params: {},
        query: new URLSearchParams(query),
      });
    const textOf = async (query: string): Promise<string> => {
      const { lead, body } = await ask(missingPage, query);
      return `${await lead} ${await body}`.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
    };
    const desk = (await (await ask(deskPage, "")).body).toString();
    expect(desk).toContain('<a href="/desk/missing?reason=missing">1 timesheet</a>');
    expect(desk).toContain('<a href="/desk/missing?reason=rekeyed">1 timesheet</a>');
    expect(await textOf("")).toMatch(
      /1 timesheet that OTC no longer sends.* ann 2025-05-19 09:00 1 3 .* archived/,
    );
    expect(await textOf("reason=rekeyed")).toMatch(
      /1 timesheet that OTC sends with another key.* ann 2025-05-15 09:00 1 from 10:30 2 .* archived/,
    );

    await database.sql(
      `insert into ${database.table("etl_missing")}
         (view_name, record_key, window_value, first_run_id, missing_run_id, missing_at, action, reason)
       select 'timesheets', jsonb_build_object('TS-User Username', 'user' || n, 'TS-Date', 'infinity'), now(), 1, 1,
         now(), case when n = 1 then 'restored' else 'reported' end, 'missing'
       from generate_series(1, 60) n`,
    );
    const first = (await (await ask(missingPage, "")).body).toString();
    expect(await textOf("")).toMatch(/^60 timesheets .* user60 infinity – – .* user11 .* Next page/);
    expect(first).not.toContain("user10<");
    const next = /missing\?([^"]*)" rel="next"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(await textOf(next)).toMatch(/user10 .* user2 .* ann .* First page/);
    expect(await textOf(next)).not.toMatch(/user1 |Next page/);
  });
});
