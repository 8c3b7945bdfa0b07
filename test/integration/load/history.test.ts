import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { defineView, integer, numeric, text, timestamp } from "../../../src/views/view.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { load, loadFromApi, plan } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";

const CHANGES = "run_id, ticket_id, changed_at, column_name, old_value, new_value";

function historyOf(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(`select ${CHANGES} from ${database.table("ticket_history")} order by history_id`);
}

const at = (time: string) => new Date(`${time}Z`);

describeEachDatabase("the history of tickets", (target) => {
  test("contains each tracked change of written rows once, and shows how long a status lasted", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(
      loader,
      tickets,
      [1, 2, 3].map((id) => ticket(id)),
    );
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_team check ("TKT-Team" <> 'Nobody')`,
    );
    expect(await historyOf(database)).toEqual([]);

    const second = [
      ticket(1, {
        "TKT-Status": "Active",
        "TKT-Team": null,
        "TKT-Assigned To User": "ann",
        "TKT-Title": "not tracked",
        "TKT-Modified Time": "2025-03-04 10:00:00",
      }),
      ticket(2, { "TKT-Status": "Active" }),
      ticket(3, { "TKT-Status": "Active", "TKT-Team": "Nobody" }),
      ticket(4, { "TKT-Status": "Active" }),
    ];
    const run = await load(loader, tickets, second);
    const change = (ticketId: number, column: string, before: string | null, after: string | null) => ({
      run_id: run.runId,
      ticket_id: ticketId,
      changed_at: ticketId === 1 ? at("2025-03-04T10:00:00") : expect.any(Date),
      column_name: column,
      old_value: before,
      new_value: after,
    });
    const seen = [
      change(1, "TKT-Assigned To User", null, "ann"),
      change(1, "TKT-Status", "Open", "Active"),
      change(1, "TKT-Team", "Network", null),
      change(2, "TKT-Status", "Open", "Active"),
    ];
    const history = await historyOf(database);
    expect(history).toHaveLength(4);
    expect(history).toEqual(expect.arrayContaining(seen));
    const [own] = await database.sql<{ own: boolean }>(
      `select bool_and(changed_at >= load_start) as own
       from ${database.table("ticket_history")} join ${database.table("etl_metadata")} using (run_id)
       where ticket_id = 2`,
    );
    // The ticket does not say that it was modified, so the load does.
    expect(own).toEqual({ own: true });

    await load(loader, tickets, second);
    await plan(loader, tickets, [ticket(1)], { allowShrink: true });
    expect(await historyOf(database)).toEqual(history);

    await load(loader, tickets, [
      ticket(1, { "TKT-Assigned To User": "bob", "TKT-Modified Time": "2025-03-05 10:00:00" }),
      ...second.slice(1),
    ]);
    expect(
      await database.sql(
        `select status, is_current, periods, first_since, seconds_in_status > 86400 * 365 as years,
           case when not is_current then seconds_in_status::float8 end as seconds
         from ${database.table("v_ticket_time_in_status")} where ticket_id = 1 order by status`,
      ),
    ).toEqual([
      {
        status: "Active",
        is_current: false,
        periods: 1,
        first_since: at("2025-03-04T10:00:00"),
        years: false,
        seconds: 86_400,
      },
      // From its creation, long before its history began, and again.
      {
        status: "Open",
        is_current: true,
        periods: 2,
        first_since: at("2025-03-01T08:00:00"),
        years: true,
        seconds: null,
      },
    ]);
    expect(
      await database.sql(
        `select ticket_id, status, periods from ${database.table("v_ticket_time_in_status")}
         where ticket_id > 2 order by ticket_id`,
      ),
    ).toEqual([
      { ticket_id: 3, status: "Open", periods: 1 },
      { ticket_id: 4, status: "Active", periods: 1 },
    ]);
    expect(
      await database.sql(
        `select ticket_id, reassignments, team_changes, last_change is not null as changed
         from ${database.table("v_ticket_reassignments")} where ticket_id < 3 order by ticket_id`,
      ),
    ).toEqual([
      { ticket_id: 1, reassignments: 1, team_changes: 1, changed: true },
      { ticket_id: 2, reassignments: 0, team_changes: 0, changed: false },
    ]);
  });
});

const ENTRY = { "TS-Time From": "09:00", "TS-Crm ID": 7, "TS-Modified Time": "2025-03-06 08:00:00" };

describeEachDatabase("the history of timesheets and comments", (target) => {
  const entriesOf = (database: DatabaseUnderTest) =>
    database.sql(
      `select run_id, username, entry_date, time_from, ticket_id, changed_at, column_name, old_value, new_value
       from ${database.table("timesheet_history")} order by history_id`,
    );

  test("contains what was changed of hours, whether they are billable and approved, and texts, once", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const table = database.table("timesheets");
    await load(loader, timesheets, [timesheet("ann", ENTRY), timesheet("bob"), timesheet("cid")]);
    await database.sql(`alter table ${table} add constraint no_more check ("TS-Hours" < 24)`);
    expect(await entriesOf(database)).toEqual([]);

    const second = [
      timesheet("ann", {
        ...ENTRY,
        "TS-Hours": 6,
        "TS-Billable": "Yes",
        "TS-Approved": "Yes",
        "TS-Notes": "not tracked",
        "TS-Modified Time": "2025-03-07 10:00:00",
      }),
      timesheet("bob", { "TS-Hours": null }),
      timesheet("cid", { "TS-Hours": 25 }),
      timesheet("dan", { "TS-Hours": 1 }),
    ];
    const { runId } = await load(loader, timesheets, second);
    const ann = {
      run_id: runId,
      username: "ann",
      entry_date: at("2025-03-05T00:00:00"),
      time_from: "09:00",
      ticket_id: 7,
      changed_at: at("2025-03-07T10:00:00"),
    };
    const bob = { ...ann, username: "bob", time_from: null, ticket_id: null, changed_at: expect.any(Date) };
    const entries = await entriesOf(database);
    expect(entries).toHaveLength(4);
    expect(entries).toEqual(
      expect.arrayContaining([
        { ...ann, column_name: "TS-Hours", old_value: "7.5", new_value: "6" },
        { ...ann, column_name: "TS-Billable", old_value: "false", new_value: "true" },
        { ...ann, column_name: "TS-Approved", old_value: null, new_value: "true" },
        { ...bob, column_name: "TS-Hours", old_value: "7.5", new_value: null },
      ]),
    );
    await load(loader, timesheets, second);
    await plan(loader, timesheets, [timesheet("ann", ENTRY)], { allowShrink: true });
    expect(await entriesOf(database)).toEqual(entries);

    await load(loader, comments, [comment(1), comment(2)]);
    const before = await database.sql(`select now() as time`);
    const edited = [
      comment(1, { "TKTCT-Comment": "edited" }),
      comment(2, { "TKTCT-Team": "SAP" }),
      comment(3),
    ];
    const { runId: commentRun } = await load(loader, comments, edited);
    await load(loader, comments, edited);
    expect(
      await database.sql(
        `select run_id, comment_id, changed_at >= $1::timestamptz as by_load, column_name, old_value, new_value
         from ${database.table("comment_history")}`,
        [(before[0]?.["time"] as Date).toISOString()],
      ),
    ).toEqual([
      {
        run_id: commentRun,
        comment_id: 1,
        by_load: true,
        column_name: "comment_text",
        old_value: "Comment 1",
        new_value: "edited",
      },
    ]);
  });

  test("goes on when a row comes back from the archive, and has no change where an entry has another key", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const entry = (day: number, fields: object = {}) =>
      timesheet("ann", { "TS-Date": `2025-05-${String(day).padStart(2, "0")}`, ...fields });
    const month = many(20, (day) => entry(day));
    const without = month.filter((_, index) => index !== 9);
    for (const document of [month, without, without]) await loadFromApi(loader, timesheets, document);
    expect(await loadFromApi(loader, timesheets, [...without, entry(10, { "TS-Hours": 3 })])).toMatchObject({
      returned: 1,
      updated: 1,
    });
    const moved = [...without, entry(10, { "TS-Hours": 2, "TS-Crm ID": 8 })];
    expect(await loadFromApi(loader, timesheets, moved)).toMatchObject({ rekeyed: 1 });
    await loadFromApi(loader, timesheets, [...without, entry(10, { "TS-Hours": 1, "TS-Crm ID": 8 })]);
    expect(
      await database.sql(
        `select extract(day from entry_date at time zone 'UTC')::int as day, ticket_id, old_value, new_value
         from ${database.table("timesheet_history")} order by history_id`,
      ),
    ).toEqual([
      { day: 10, ticket_id: null, old_value: "7.5", new_value: "3" },
      { day: 10, ticket_id: 8, old_value: "2", new_value: "1" },
    ]);
  });

  test("has keys and times in its own types where the columns of the table have others", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_TIMEZONE: "Europe/Vienna" });
    await loader.database();
    const shifts = defineView({
      name: "shifts",
      order: 5,
      columns: [
        text("User", { key: "required" }),
        timestamp("Day", { key: "required" }),
        text("From", { key: "nullable" }),
        integer("Crm", { key: "nullable" }),
        numeric("Hours"),
        timestamp("Seen"),
        timestamp("Modified", { versionColumn: true }),
      ],
      history: {
        table: "timesheet_history",
        keys: ["username", "entry_date", "time_from", "ticket_id"],
        columns: ["Hours", "Seen"],
        changedAt: "Modified",
      },
    });
    await database.sql(
      `create table ${database.table("shifts")} ("User" char(6) not null, "Day" date not null, "From" time, "Crm" text,
         "Hours" real, "Seen" timestamp(0), "Modified" timestamp, extra jsonb,
         unique nulls not distinct ("User", "Day", "From", "Crm"))`,
    );
    const shift = (hours: number, seen: string, modified: string) => ({
      User: "ann",
      Day: "5/3/2025",
      From: "9:00",
      Crm: 7,
      Hours: hours,
      Seen: seen,
      Modified: modified,
    });
    await load(loader, shifts, [shift(1, "2025-03-05 10:00:00", "2025-03-05 10:00:00")]);
    await load(loader, shifts, [shift(2, "2025-03-05T10:00:00Z", "2025-03-06 10:00:00")]);
    const change = {
      username: "ann",
      entry_date: at("2025-03-04T23:00:00"),
      time_from: "09:00:00",
      ticket_id: 7,
      changed_at: at("2025-03-06T09:00:00"),
    };
    expect(await entriesOf(database)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...change, column_name: "Hours", old_value: "1", new_value: "2" }),
        expect.objectContaining({
          ...change,
          column_name: "Seen",
          old_value: "2025-03-05T09:00:00.000000Z",
          new_value: "2025-03-05T10:00:00.000000Z",
        }),
      ]),
    );
  });
});

describeEachDatabase(
  "the settings of the history",
  (target) => {
    test("name columns of some views, while the others keep their own", async () => {
      const database = await target.fresh();
      const changed = { "TKT-Status": "Active", "TKT-Due Date": "5/3/2025 10:00", "TKT-Account Id": 7 };
      const loadChanges = async (columns: string, night: number) => {
        const loader = database.open({ OTC_HISTORY_COLUMNS: columns });
        await load(loader, tickets, [ticket(night), ticket(9)]);
        await load(loader, tickets, [ticket(night, changed), ticket(9)]);
        for (const hours of [1, 2]) {
          await load(loader, timesheets, [timesheet(night, { "TS-Hours": hours, "TS-Notes": `${hours} h` })]);
          await load(loader, comments, [comment(night, { "TKTCT-Comment": `Text ${hours}` })]);
        }
        const { rows } = await (
          await loader.database()
        ).query(
          `select column_name, old_value, new_value from (
           select column_name, old_value, new_value from ${database.table("ticket_history")}
             where ticket_id = $1::bigint
           union all
           select column_name, old_value, new_value from ${database.table("timesheet_history")}
             where username = $1::bigint::text
           union all
           select column_name, old_value, new_value from ${database.table("comment_history")}
             where comment_id = $1::bigint
         ) as changes order by column_name`,
          [night],
        );
        await loader.close();
        return rows;
      };
      const hours = { column_name: "TS-Hours", old_value: "1", new_value: "2" };
      const spoken = { column_name: "comment_text", old_value: "Text 1", new_value: "Text 2" };
      expect(await loadChanges("TKT-Due Date, TKT-Account Id", 1)).toEqual([
        { column_name: "TKT-Account Id", old_value: null, new_value: "7" },
        { column_name: "TKT-Due Date", old_value: null, new_value: "2025-03-05T10:00:00.000000Z" },
        hours,
        spoken,
      ]);
      expect(await loadChanges("TS-Notes,comments=none", 2)).toEqual([
        { column_name: "TKT-Status", old_value: "Open", new_value: "Active" },
        { column_name: "TS-Notes", old_value: "1 h", new_value: "2 h" },
      ]);
      expect(await loadChanges("none", 3)).toEqual([]);
    });

    test("are refused with the names that there are", async () => {
      const database = await target.fresh();
      for (const name of ["TKT-Satus", "TS-Crm ID", "created_time", "users=none"]) {
        const wrong = database.open({ OTC_HISTORY_COLUMNS: `TKT-Status,${name}` });
        await expect(load(wrong, comments, [comment(1)])).rejects.toMatchObject({
          code: "configuration",
          message: `OTC_HISTORY_COLUMNS names what has no history: "${name}".`,
          remedy: expect.stringMatching(
            /TKT-Title, TKT-Description, TKT-Status, .*comment_text, .*TS-Hours, .*timesheets=none/,
          ),
        });
        await wrong.close();
      }
      const short = database.open({ OTC_HISTORY_COLUMNS: "status,category" });
      await expect(load(short, comments, [comment(1)])).rejects.toMatchObject({
        message: 'OTC_HISTORY_COLUMNS names what has no history: "status", "category".',
        remedy: expect.stringContaining("Did you mean TKT-Status, TKT-Category, TS-Category? There are"),
      });
      await short.close();
    });
  },
  onOldest,
);
