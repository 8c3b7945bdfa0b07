import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, ticket, timesheet } from "../../support/sample-records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const NOW = Date.now();

/** An instant so many days ago, and an hour, so that the test may take its time. */
function daysAgo(days: number): string {
  return new Date(NOW - days * DAY_MS - HOUR_MS).toISOString();
}

const TICKETS = [
  ticket(1, { "TKT-Created Time": daysAgo(1), "TKT-Assigned To User": "Anna Hofer", "TKT-Severity": "High" }),
  ticket(2, { "TKT-Created Time": daysAgo(40), "TKT-Assigned To User": "ahofer", "TKT-Severity": null }),
  ticket(3, { "TKT-Created Time": daysAgo(2), "TKT-Status": "Closed", "TKT-Assigned To User": "Anna Hofer" }),
  ticket(4, { "TKT-Created Time": daysAgo(100), "TKT-Status": null, "TKT-Assigned To User": "" }),
  ticket(5, { "TKT-Created Time": null, "TKT-Status": "On Hold" }),
  ticket(6, { "TKT-Created Time": daysAgo(7), "TKT-Team": "SAP", "TKT-Status": "Incident Resolved" }),
  ticket(7, { "TKT-Created Time": daysAgo(7), "TKT-Team": "" }),
];

describeEachDatabase("the reports", (target) => {
  test("show each team's tickets and backlog by the present setting for inactivity", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, TICKETS);
    const backlog = (team: string) =>
      database.sql(`select ticket_id, status, age_days from ${database.table("get_team_backlog")}($1)`, [
        team,
      ]);
    expect(await backlog("Network")).toEqual([
      { ticket_id: 4, status: null, age_days: 100 },
      { ticket_id: 2, status: "Open", age_days: 40 },
      { ticket_id: 1, status: "Open", age_days: 1 },
      { ticket_id: 5, status: "On Hold", age_days: null },
    ]);
    expect(await backlog("SAP")).toEqual([]);
    expect(
      await database.sql(
        `select ticket_id, age_bucket from ${database.table("v_ticket_age")} where team = 'Network' order by 1`,
      ),
    ).toEqual([
      { ticket_id: 1, age_bucket: "0-1 days" },
      { ticket_id: 2, age_bucket: "31-90 days" },
      { ticket_id: 4, age_bucket: "91+ days" },
      { ticket_id: 5, age_bucket: "unknown" },
    ]);
    const teams = `select team, display_name, tickets, active_tickets, unassigned_tickets, average_age_days::float8 as age
      from ${database.table("v_team_tickets")} order by team`;
    const network = { team: "Network", display_name: "Network", tickets: 5, active_tickets: 4 };
    expect(await database.sql(teams)).toEqual([
      { ...network, unassigned_tickets: 2, age: 47 },
      { team: "SAP", display_name: "SAP", tickets: 1, active_tickets: 0, unassigned_tickets: 0, age: null },
    ]);

    await database.sql(
      `delete from ${database.table("inactive_statuses")} where status = 'Incident Resolved'`,
    );
    await database.sql(`insert into ${database.table("inactive_statuses")} values ('On Hold'), ('Open')`);
    await database.sql(`update ${database.table("teams")} set active = false where team = 'Network'`);
    await database.sql(`update ${database.table("teams")} set display_name = 'SAP Basis' where team = 'SAP'`);
    // A load keeps what an admin has said of a team.
    await load(loader, tickets, [...TICKETS, ticket(8, { "TKT-Team": "Payroll" })]);
    expect(await backlog("Network")).toEqual([{ ticket_id: 4, status: null, age_days: 100 }]);
    expect(await backlog("SAP")).toEqual([{ ticket_id: 6, status: "Incident Resolved", age_days: 7 }]);
    expect(await database.sql(teams)).toMatchObject([
      { team: "Payroll", active_tickets: 0 },
      { team: "SAP", display_name: "SAP Basis", active_tickets: 1, age: 7 },
    ]);
  });

  test("show the work of the last thirty days, and entries whose ticket is missing", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const booked = (days: number, hours: number, fields = {}) =>
      timesheet("ahofer", {
        "TS-User Full Name": "Anna Hofer",
        "TS-Date": daysAgo(days),
        "TS-Hours": hours,
        ...fields,
      });
    await load(loader, tickets, TICKETS);
    await load(loader, timesheets, [
      booked(31, 100),
      booked(29, 1, { "TS-Crm ID": 1 }),
      booked(29, 1.5, { "TS-Crm ID": 1, "TS-Time From": "09:00" }),
      booked(3, 2, { "TS-Crm ID": 999 }),
      booked(0, 4),
      booked(-2, 100),
      timesheet("ghost", { "TS-Date": daysAgo(1), "TS-Hours": null }),
    ]);
    await load(loader, comments, [
      comment(1, { "TKTCT-TicketID": 1 }),
      comment(2, { "TKTCT-TicketID": 998, "TKTCT-UserID": "ahofer" }),
      comment(3, { "TKTCT-TicketID": null }),
    ]);
    expect(
      await database.sql(
        `select username, full_name, tickets, hours::float8 as hours, days_active
         from ${database.table("v_user_activity")} order by username`,
      ),
    ).toEqual([
      { username: "ahofer", full_name: "Anna Hofer", tickets: 2, hours: 8.5, days_active: 3 },
      { username: "ghost", full_name: null, tickets: 0, hours: null, days_active: 1 },
    ]);
    const workload = `select *, hours::float8 as hours from ${database.table("get_user_workload")}($1)`;
    expect(await database.sql(workload, ["Anna Hofer"])).toEqual([
      {
        usernames: ["ahofer"],
        active_tickets: 2,
        active_by_status: { Open: 2 },
        active_by_severity: { High: 1, none: 1 },
        oldest_age_days: 40,
        tickets: 2,
        hours: 8.5,
        days_active: 3,
      },
    ]);
    expect(await database.sql(workload, ["Nobody"])).toMatchObject([
      { usernames: [], active_tickets: 0, active_by_status: {}, oldest_age_days: null, hours: 0 },
    ]);
    expect(
      await database.sql(
        `select view_name, ticket_id, username from ${database.table("v_orphaned_data")} order by ticket_id`,
      ),
    ).toEqual([
      { view_name: "comments", ticket_id: 998, username: "ahofer" },
      { view_name: "timesheets", ticket_id: 999, username: "ahofer" },
      { view_name: "comments", ticket_id: null, username: null },
    ]);
  });
});
