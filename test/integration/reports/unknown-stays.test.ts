import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { readTimeInStatus } from "../../../src/web/desk/time-in-status.ts";
import {
  type DatabaseUnderTest,
  describeDistributed,
  describeEachDatabase,
  type Target,
} from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";
import { migrate } from "../../../src/loader/migrate.ts";

const DAY = 86_400;

const at = (time: string) => new Date(`${time}Z`);

const storedStays = (database: DatabaseUnderTest): Promise<readonly unknown[]> =>
  database.sql(
    `select ticket_id, stays.status, seconds
     from ${database.table("status_stays")} stays join ${database.table("ticket_history")} using (history_id)
     order by history_id`,
  );

const timesInStatus = (database: DatabaseUnderTest): Promise<readonly unknown[]> =>
  database.sql(
    `select ticket_id, status, periods, first_since, time_in_status is null as no_time,
       case when not is_current then seconds_in_status::float8 end as seconds
     from ${database.table("v_ticket_time_in_status")} where not is_current or ticket_id = 3
     order by ticket_id, status`,
  );

/** Ticket 1 has no creation time and comes into its first status again, 2 has one, 3 never changes. */
const STAYS = [
  { ticket_id: 1, status: "Open", seconds: null },
  { ticket_id: 2, status: "Open", seconds: DAY },
  { ticket_id: 1, status: "Active", seconds: DAY },
  { ticket_id: 1, status: "Open", seconds: DAY },
];

const TIMES = [
  {
    ticket_id: 1,
    status: "Active",
    periods: 1,
    first_since: at("2025-03-03T08:00:00"),
    no_time: false,
    seconds: DAY,
  },
  { ticket_id: 1, status: "Open", periods: 2, first_since: null, no_time: true, seconds: null },
  {
    ticket_id: 2,
    status: "Open",
    periods: 1,
    first_since: at("2025-03-02T08:00:00"),
    no_time: false,
    seconds: DAY,
  },
  { ticket_id: 3, status: "Open", periods: 1, first_since: null, no_time: true, seconds: null },
];

const night = (status: string, day: number) => {
  const modified = `2025-03-0${day} 08:00:00`;
  return [
    ticket(1, { "TKT-Status": status, "TKT-Created Time": null, "TKT-Modified Time": modified }),
    ticket(2, {
      "TKT-Status": day > 2 ? "Closed" : "Open",
      "TKT-Created Time": "2025-03-02 08:00:00",
      "TKT-Modified Time": day > 2 ? "2025-03-03 08:00:00" : "2025-03-02 08:00:00",
    }),
    ticket(3, { "TKT-Created Time": null, "TKT-Modified Time": modified }),
  ];
};

function testNightlyStays(target: Target): void {
  test("has no length, in the stored rows, in the report and in the median on the page", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, night("Open", 2));
    await load(loader, tickets, night("Active", 3));
    await load(loader, tickets, night("Open", 4));
    await load(loader, tickets, night("Closed", 5));
    expect(await storedStays(database)).toEqual(STAYS);
    expect(await timesInStatus(database)).toEqual(TIMES);
    const desk = {
      database: await loader.database(),
      schema: database.schema,
      asOf: at("2025-03-06T00:00:00"),
      timeZone: "UTC",
      filter: { team: undefined, weeks: 13 as const },
    };
    expect(await readTimeInStatus(desk)).toMatchObject([
      { status: "Open", median: DAY },
      { status: "Active", median: DAY },
    ]);
  });
}

describeDistributed("a stay in a status whose beginning is unknown", testNightlyStays);

describeEachDatabase("a stay in a status whose beginning is unknown", (target) => {
  testNightlyStays(target);

  test("loses the length of zero seconds that an earlier version stored, and nothing else changes", async () => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(19);
    const [ticketTable, history, runs] = ["tickets", "ticket_history", "etl_metadata"].map((name) =>
      database.table(name),
    );
    await database.sql(
      `insert into ${runs} (view_name, load_status, source, host, pid, otc_etl_version)
       values ('tickets', 'success', 'trial', 'trial', 0, 'trial')`,
    );
    await database.sql(
      `insert into ${ticketTable} ("TKT-Ticket ID", "TKT-Status", "TKT-Created Time")
       values (1, 'Closed', null), (2, 'Closed', '2025-03-02 08:00Z'), (3, 'Open', null), (4, 'Closed', '2025-03-09Z')`,
    );
    const change = (id: number, time: string, before: string, after: string) =>
      `(1, ${id}, '${time}:00Z', 'TKT-Status', '${before}', '${after}')`;
    await database.sql(
      `insert into ${history} (run_id, ticket_id, changed_at, column_name, old_value, new_value)
       values ${[
         change(1, "2025-03-03 08:00", "Open", "Active"),
         change(2, "2025-03-03 08:00", "Open", "Closed"),
         change(1, "2025-03-04 08:00", "Active", "Open"),
         change(1, "2025-03-05 08:00", "Open", "Closed"),
         // These lasted for zero seconds indeed.
         change(1, "2025-03-05 08:00", "Closed", "Open"),
         change(4, "2025-03-05 08:00", "Open", "Closed"),
       ].join(", ")}`,
    );
    await database.sql(`select ${database.table("refresh_status_stays")}()`);
    const zero = [
      { ticket_id: 1, status: "Closed", seconds: 0 },
      { ticket_id: 4, status: "Open", seconds: 0 },
    ];
    expect(await storedStays(database)).toEqual([{ ...STAYS[0], seconds: 0 }, ...STAYS.slice(1), ...zero]);

    await migrate(database.open(), new AbortController().signal);
    expect(await storedStays(database)).toEqual([...STAYS, ...zero]);
    expect((await timesInStatus(database)).slice(0, 1)).toEqual(TIMES.slice(0, 1));
    await database.sql(`delete from ${database.table("status_stays")}`);
    await database.sql(`select ${database.table("refresh_status_stays")}()`);
    expect(await storedStays(database)).toEqual([...STAYS, ...zero]);
  });
});
