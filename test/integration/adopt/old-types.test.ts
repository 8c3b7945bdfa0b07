import { expect, test } from "vitest";
import { adopt } from "../../../src/adopt/adopt.ts";
import { quoteIdentifier, quoteLiteral } from "../../../src/database/identifier.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { Column, ValueType, View } from "../../../src/views/view.ts";
import { type DatabaseUnderTest, describeEachDatabase, type Target } from "../../support/each-database.ts";
import { type Fields, load } from "../../support/load-records.ts";
import { comment, ticket, timesheet } from "../../support/sample-records.ts";

const ZONE = "Europe/Vienna";

/** What an older script may have made of a column; each is tried with each column of the type. */
const OLD_TYPES: Readonly<Record<ValueType, readonly string[]>> = {
  text: ["varchar(200)", "char(40)", "varchar", "text"],
  integer: ["integer", "text", "numeric(12,0)", "varchar(20)", "char(12)", "double precision"],
  numeric: ["numeric(5,2)", "text", "real", "double precision", "varchar(10)"],
  boolean: ["text", "char(1)", "smallint", "varchar(5)", "integer"],
  timestamp: ["timestamp", "date", "text", "timestamp(0)", "varchar(30)", "char(19)"],
};

/** Each is tried on one of the databases: the types, and what becomes of their values, are the same in all. */
const ROUNDS = Math.max(...Object.values(OLD_TYPES).map((types) => types.length));

/** Half of the rounds have user ids that are numbers. */
const oldTypeOf = ({ name, type }: Column, round: number): string => {
  const types = OLD_TYPES[type];
  if (name === "user_id" && round % 2 === 0) return round === 0 ? "integer" : "bigint";
  return types[round % types.length] ?? "text";
};

/** A midnight, so that a date holds it; people are active within thirty days. */
const day = (ago: number): string => {
  const date = new Date(Date.now() - ago * 86_400_000);
  return `${date.toISOString().slice(0, 10)} 00:00:00`;
};

const records = (night: number): Readonly<Record<string, readonly Fields[]>> => ({
  tickets: [
    ticket(1, {
      "TKT-Created Time": day(20),
      "TKT-Modified Time": day(night === 1 ? 9 : 5),
      "TKT-Status": night === 1 ? "Open" : "Active",
      "TKT-Assigned To User": "Ann Lee",
    }),
    ticket(2, {
      "TKT-Created Time": day(40),
      "TKT-Modified Time": day(9),
      "TKT-Closure Date": day(8),
      "TKT-Status": "Closed",
      "TKT-Created By User": "Bob Ray",
    }),
    ticket(3, { "TKT-Created Time": null, "TKT-Modified Time": day(9), "TKT-Team": "SAP" }),
    ...(night === 1 ? [] : [ticket(4, { "TKT-Created Time": day(3), "TKT-Modified Time": day(3) })]),
  ],
  comments: [
    comment(1, {
      "TKTCT-TicketID": 1,
      "TKTCT-UserID": "17",
      "TKTCT-Username": "Ann Lee",
      "TKTCT-Created Time": day(7),
    }),
    comment(2, {
      "TKTCT-UserID": "18",
      "TKTCT-VisibleCustomer": night === 1 ? "No" : "Yes",
      "TKTCT-Created Time": day(6),
    }),
    ...(night === 1
      ? []
      : [comment(3, { "TKTCT-UserID": "bray", "TKTCT-Username": "Bob Ray", "TKTCT-Created Time": day(2) })]),
  ],
  timesheets: [
    timesheet("alee", {
      "TS-Date": day(4),
      "TS-Crm ID": 1,
      "TS-Time From": "09:00",
      "TS-Hours": night === 1 ? "1.5" : "2.25",
      "TS-User Full Name": "Ann Lee",
      "TS-Billable": "Yes",
    }),
    timesheet("alee", { "TS-Date": day(4), "TS-Hours": "0.5", "TS-User Full Name": "Ann Lee" }),
    timesheet("bray", { "TS-Date": day(6), "TS-Crm ID": 99, "TS-Time From": "13:00", "TS-Hours": "4" }),
    ...(night === 1
      ? []
      : [timesheet("bray", { "TS-Date": day(3), "TS-Crm ID": 4, "TS-Billable": night > 1 ? "Yes" : "No" })]),
  ],
});

const VIEWS = [tickets, comments, timesheets];

async function loadNight(loader: Loader, night: number) {
  const outcomes = [];
  for (const view of VIEWS) outcomes.push(await load(loader, view, records(night)[view.name] ?? []));
  return outcomes;
}

/** A value of a record as the older script wrote it into a column of that type. */
function oldLiteral(value: Fields[string], { type }: Column, oldType: string): string {
  if (value === null || value === undefined) return "null";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (type !== "boolean") return quoteLiteral(text.replace(",", "."));
  const truth = text === "Yes";
  if (oldType.includes("int")) return truth ? "1" : "0";
  return quoteLiteral(oldType === "char(1)" ? (truth ? "Y" : "N") : truth ? "Yes" : "No");
}

/** A table of an older script with the rows of the first night, and an analysts' view of all of it. */
async function createOldTable(database: DatabaseUnderTest, view: View, round: number): Promise<void> {
  const table = database.table(view.table);
  const columns = view.columns.map((column) => ({ column, type: oldTypeOf(column, round) }));
  const definitions = columns.map(({ column, type }) => `${quoteIdentifier(column.name)} ${type}`);
  await database.sql(`create table ${table} (${definitions.join(", ")})`);
  for (const record of records(1)[view.name] ?? []) {
    const values = columns.map(({ column, type }) => oldLiteral(record[column.field], column, type));
    await database.sql(`insert into ${table} values (${values.join(", ")})`);
  }
  const names = view.columns.map(({ name }) => quoteIdentifier(name));
  await database.sql(
    `create view ${database.table(`analysts_${view.table}`)} as select ${names.join(", ")} from ${table}`,
  );
}

/** The columns of the views' tables that migrations create. */
function columnTypes(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  const tables = VIEWS.map(({ table }) => quoteLiteral(database.table(table))).join(", ");
  return database.sql(
    `select relname, attname, format_type(atttypid, atttypmod) as type
     from pg_attribute join pg_class on pg_class.oid = attrelid
     where attrelid = any(array[${tables}]::regclass[]) and attnum > 0 and attname not like '% (old)'
     order by relname, attname`,
  );
}

/** What every report and derived table of ours says. */
async function reports(database: DatabaseUnderTest): Promise<unknown> {
  const table = (name: string): string => database.table(name);
  const found: unknown[] = [];
  for (const [name, query] of Object.entries({
    freshness: `select view_name, latest_data_date, total_records from ${table("v_data_freshness")}`,
    orphans: `select * from ${table("v_orphaned_data")}`,
    activity: `select username, full_name, tickets, trim_scale(hours), days_active from ${table("v_user_activity")}`,
    ages: `select * from ${table("v_ticket_age")}`,
    teams: `select * from ${table("v_team_tickets")}`,
    backlog: `select * from ${table("get_team_backlog")}('Network')`,
    workload: `select * from ${table("get_user_workload")}('Ann Lee')`,
    conflicts: `select * from ${table("v_user_conflicts")}`,
    booked: `select * from ${table("v_booked_users")}`,
    candidates: `select * from ${table("v_user_candidates")}`,
    lookup: `select username, full_name, source, ${table("get_short_username")}(full_name) from ${table("user_lookup")}`,
    hours: `select day, team, is_internal, is_billable, trim_scale(hours) from ${table("team_hours")}`,
    stays: `select status, ended_at, seconds from ${table("status_stays")}`,
    statuses: `select ticket_id, status, periods, first_since from ${table("v_ticket_time_in_status")}`,
    reassignments: `select * from ${table("v_ticket_reassignments")}`,
    changedHours: `select username, entry_date, time_from, ticket_id, column_name, trim_scale(old_value::numeric),
      trim_scale(new_value::numeric) from ${table("timesheet_history")}`,
  })) {
    const rows = await database.sql(query);
    found.push([name, rows.map((row) => JSON.stringify(row)).sort()]);
  }
  return found;
}

const options = async () => ({
  views: await viewCatalog(),
  zone: ZONE,
  dryRun: false,
  signal: new AbortController().signal,
});

/** What is in a database that otc-etl created, after two nights. */
async function referenceOf(target: Target) {
  const database = await target.fresh();
  const loader = database.open({ OTC_TIMEZONE: ZONE });
  await loadNight(loader, 1);
  await loadNight(loader, 2);
  return { types: await columnTypes(database), reports: await reports(database) };
}

describeEachDatabase("an old table whose columns analysts' views use", (target) => {
  // The same for every set, on one day.
  const references = new Map<string, ReturnType<typeof referenceOf>>();

  const turn = ["PostgreSQL 15", "PostgreSQL 18", "embedded"].indexOf(target.name);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round).filter((round) => round % 3 === turn);

  test.each(rounds)(
    "is adopted, loaded and reported on as usual, with old types of set %i",
    async (round) => {
      const today = day(0);
      const reference = references.get(today) ?? referenceOf(target);
      references.set(today, reference);
      const expected = await reference;

      const database = await target.fresh({ migrated: false });
      await database.sql(`create schema if not exists ${quoteIdentifier(database.schema)}`);
      for (const view of VIEWS) await createOldTable(database, view, round);
      const loader = database.open({ OTC_TIMEZONE: ZONE });
      const steps = await adopt(await loader.database(), await options());
      expect(steps?.filter(({ change }) => change === "rows_moved" || change === "type_changed")).toEqual([]);
      expect(await columnTypes(database)).toEqual(expected.types);

      for (const outcome of await loadNight(loader, 1)) {
        expect(outcome).toMatchObject({ inserted: 0, updated: 0, errors: 0 });
      }
      const second = await loadNight(loader, 2);
      expect(second).toMatchObject([
        { inserted: 1, updated: 1, errors: 0 },
        { inserted: 1, updated: 1, errors: 0 },
        { inserted: 1, updated: 1, errors: 0 },
      ]);
      expect(await reports(database)).toEqual(expected.reports);

      // What analysts see is what was loaded, as the old column says it.
      const [seen] = await database.sql<{ rows: number; booked: string; shown: string; user: string | null }>(
        `select
           (select count(*) from ${database.table("analysts_timesheets")} where "TS-Hours" is not null) as rows,
           (select min("TS-Date"::text) from ${database.table("analysts_timesheets")} where "TS-Crm ID"::text = '4') as booked,
           (select min(visible_to_customer::text) from ${database.table("analysts_comments")} where comment_id::text = '2') as shown,
           (select min(user_id::text) from ${database.table("analysts_comments")} where comment_id::text = '3') as user`,
      );
      const billable = oldTypeOf(
        timesheets.columns.find(({ name }) => name === "TS-Billable")!,
        round,
      );
      expect(seen).toEqual({
        rows: 4,
        booked: expect.stringContaining(day(3).slice(0, 10)),
        shown: billable.includes("int") ? "1" : billable === "char(1)" ? "Y" : "Yes",
        user: round % 2 === 0 ? null : "bray",
      });
    },
  );

  test("is refused when its key cannot be read, with the column, the view and a remedy", async () => {
    const database = await target.fresh({ migrated: false });
    const opened = await database.open().database();
    await database.sql(`create schema if not exists ${quoteIdentifier(database.schema)}`);
    const table = database.table("timesheets");
    await database.sql(
      `create table ${table} ("TS-User Username" text, "TS-Date" text, "TS-Time From" text, "TS-Crm ID" text)`,
    );
    await database.sql(`insert into ${table} values ('ann', '5/3/2025', '', 'none')`);
    await database.sql(
      `create view ${database.table("by_ticket")} as select "TS-Crm ID", count(*) from ${table} group by 1`,
    );
    await expect(adopt(opened, await options())).rejects.toMatchObject({
      code: "migration",
      message: expect.stringMatching(
        /"TS-Crm ID" of .*timesheets" is text and has to become bigint: 1 value cannot become bigint without loss, for example "none"; used by view .*by_ticket/,
      ),
      remedy: expect.stringContaining("Nothing was changed. Correct the values"),
    });
    await database.sql(`update ${table} set "TS-Crm ID" = '', "TS-Date" = '30/2/2025'`);
    await expect(adopt(opened, await options())).rejects.toMatchObject({
      code: "migration",
      message: expect.stringMatching(/"TS-Date" of .* is text .*2025-2-30/),
    });
    await database.sql(`update ${table} set "TS-Date" = '28/2/2025 10:30'`);
    await adopt(opened, await options());
    expect(await database.sql(`select "TS-Date" as date, "TS-Crm ID" as crm from ${table}`)).toEqual([
      { date: new Date("2025-02-28T09:30:00Z"), crm: null },
    ]);
  });

  test("keeps a column next to the new one while other objects depend on it", async () => {
    const database = await target.fresh({ migrated: false });
    const loader = database.open({ OTC_TIMEZONE: ZONE });
    const opened = await loader.database();
    await database.sql(`create schema if not exists ${quoteIdentifier(database.schema)}`);
    const table = database.table("timesheets");
    await database.sql(
      `create table ${table} ("TS-User Username" varchar(9), "TS-Date" date, "TS-Hours" text, "TS-Billable" text default 'No',
         constraint spelled check ("TS-Billable" in ('Yes', 'No')), primary key ("TS-User Username", "TS-Date"))`,
    );
    await database.sql(`insert into ${table} values ('ann', '2025-03-05', 'about 7', 'Yes')`);
    await database.sql(
      `create view ${database.table("billed")} as select "TS-User Username" from ${table} where "TS-Billable" = 'Yes'`,
    );
    const steps = await adopt(opened, await options());
    expect(steps?.filter(({ change }) => change === "old_column_kept").map(({ subject }) => subject)).toEqual(
      ["TS-User Username", "TS-Hours", "TS-Billable"],
    );
    const hours = `select "TS-Hours" as hours, "TS-Hours (old)" as old, "TS-Billable (old)" as billable from ${table}`;
    expect(await database.sql(hours)).toEqual([{ hours: null, old: "about 7", billable: "Yes" }]);

    expect(await load(loader, timesheets, [timesheet("ann"), timesheet("bob")])).toMatchObject({
      inserted: 1,
      updated: 1,
      errors: 0,
    });
    expect(await database.sql(hours)).toEqual([
      { hours: "7.5", old: "7.5", billable: "No" },
      { hours: "7.5", old: "7.5", billable: "No" },
    ]);
    expect(await load(loader, timesheets, [timesheet("bob", { "TS-Billable": null })])).toMatchObject({
      updated: 1,
    });
    expect(await database.sql(`${hours} where "TS-User Username" = 'bob'`)).toMatchObject([
      { billable: null },
    ]);

    await database.sql(`alter table ${table} drop column "TS-Billable (old)" cascade`);
    expect(await load(loader, timesheets, [timesheet("bob", { "TS-Billable": "Yes" })])).toMatchObject({
      updated: 1,
      errors: 0,
    });
  });
});
