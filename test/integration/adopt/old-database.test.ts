import { expect, test } from "vitest";
import { adopt } from "../../../src/adopt/adopt.ts";
import { quoteIdentifier } from "../../../src/database/identifier.ts";
import { readMigrations } from "../../../src/database/migrations/migration-files.ts";
import { migrate, migrationStatus } from "../../../src/database/migrations/migrations.ts";
import { readRunTotals } from "../../../src/runs/queries/read-run-totals.ts";
import { readStatus } from "../../../src/runs/health/read-status.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { createOldTables, OLD_ZONE, oldTimesheet, type OldRows } from "../../support/old-database.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

/** A tenth of what one site has. */
const SITE: OldRows = {
  tickets: 1200,
  extraTickets: 796,
  timesheets: 14_966 - 400,
  extraTimesheets: 400,
};

const FEW: OldRows = { tickets: 9, extraTickets: 4, timesheets: 9, extraTimesheets: 4 };

const options = async (dryRun: boolean) => ({
  views: await viewCatalog(),
  zone: OLD_ZONE,
  dryRun,
  signal: new AbortController().signal,
});

/** Everything in the schema: relations, columns with their types, constraints, and how many rows a table has. */
async function snapshot(database: DatabaseUnderTest): Promise<unknown> {
  const schema = [database.schema];
  const tables = await database.sql<{ name: string }>(
    `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
     where nspname = $1 and relkind = 'r' order by 1`,
    schema,
  );
  const counts = tables.map(
    ({ name }) => `select '${name}' as name, count(*) as rows from ${database.table(name)}`,
  );
  return [
    await database.sql(
      `select c.oid::text, relname, relkind, attname, format_type(atttypid, atttypmod) as type, attnotnull
       from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute a on attrelid = c.oid
       where nspname = $1 and attnum > 0 order by relname, attnum`,
      schema,
    ),
    await database.sql(
      `select conname, pg_get_constraintdef(c.oid) as definition
       from pg_constraint c join pg_namespace n on n.oid = connamespace
       where nspname = $1 order by 1, 2`,
      schema,
    ),
    await database.sql(counts.join(" union all ")),
  ];
}

/** Every row's place and the transaction that wrote it. */
/** What every row holds but for its fingerprint, in the order of its text. */
async function rowsOf(database: DatabaseUnderTest, table: string): Promise<readonly unknown[]> {
  return database.sql(
    `select md5((to_jsonb(t) - 'etl_fingerprint')::text) as row from ${database.table(table)} t order by row`,
  );
}

function rowVersions(database: DatabaseUnderTest, table: string): Promise<readonly unknown[]> {
  return database.sql(`select ctid::text, xmin::text from ${database.table(table)} order by ctid`);
}

describeEachDatabase(
  "an old database of 15,000 timesheets",
  (target) => {
    test("is adopted as the dry run says, keeps what analysts see, and can be loaded", async () => {
      const database = await target.fresh({ migrated: false });
      const loader = database.open({ OTC_TIMEZONE: OLD_ZONE });
      const opened = await loader.database();
      await createOldTables(database, SITE);
      const before = await snapshot(database);
      const seen = () =>
        Promise.all([
          database.sql(`select month::text, hours from ${database.table("monthly_hours")} order by 1`),
          database.sql(`select * from ${database.table("public_comments")}`),
          database.sql(`select * from ${database.table("team_tickets")}`),
        ]);
      const [hoursBefore, ...othersBefore] = await seen();

      const planned = await adopt(opened, await options(true));
      expect(await snapshot(database)).toEqual(before);
      const done = await adopt(opened, await options(false));
      expect(done).toEqual(planned);
      expect(done).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ table: "tickets", change: "rows_moved", rows: 796 }),
          expect.objectContaining({ table: "tickets", change: "rows_moved", rows: 1 }),
          expect.objectContaining({ table: "timesheets", change: "rows_moved", rows: 400 }),
          expect.objectContaining({
            table: "timesheets",
            change: "empty_keys_cleared",
            subject: "TS-Time From",
          }),
          expect.objectContaining({ change: "runs_taken_over", rows: 2 }),
          expect.objectContaining({
            change: "old_column_kept",
            subject: "TS-Date",
            detail: expect.stringContaining("monthly_hours"),
          }),
          expect.objectContaining({ table: "etl_rejects", change: "table_created" }),
        ]),
      );

      // Only the hours of the rows that were moved are missing.
      const [, ...othersAfter] = await seen();
      expect(othersAfter).toEqual(othersBefore);
      const moved = database.table("timesheets_duplicates");
      expect(
        await database.sql(
          `select month::text, sum(hours) as hours
           from (
             select * from ${database.table("monthly_hours")}
             union all select date_trunc('month', "TS-Date (old)"), "TS-Hours (old)" from ${moved}
           ) both_tables
           group by 1 order by 1`,
        ),
      ).toEqual(hoursBefore);
      expect(
        await database.sql(
          `select "TS-Notes" as notes, etl_reason as reason, count(*) as rows from ${moved} group by 1, 2 order by 1`,
        ),
      ).toEqual([
        { notes: "first", reason: "duplicate", rows: 200 },
        { notes: "older", reason: "duplicate", rows: 200 },
      ]);
      expect((await migrationStatus(opened)).every(({ appliedAt }) => appliedAt !== null)).toBe(true);
      expect(await migrate(opened, () => undefined)).toEqual([]);
      expect(await adopt(opened, await options(false))).toBeUndefined();

      // What OTC serves of the old rows is what they are now, also where clocks change. The first load gives them their fingerprints.
      const document = many(SITE.timesheets, (number) => oldTimesheet(number, SITE)).filter(
        (_, index) => index % 29 === 0,
      );
      const rows = await rowsOf(database, "timesheets");
      expect(await load(loader, timesheets, document)).toMatchObject({
        fetched: document.length,
        unchanged: document.length,
        errors: 0,
      });
      expect(await rowsOf(database, "timesheets")).toEqual(rows);
      const versions = await rowVersions(database, "timesheets");
      expect(await load(loader, timesheets, document)).toMatchObject({ unchanged: document.length });
      expect(await rowVersions(database, "timesheets")).toEqual(versions);
      const changed = [{ ...document[0], "TS-Hours": "3,125", "TS-Date": "2026-01-01" }, ...document];
      expect(await load(loader, timesheets, changed)).toMatchObject({ inserted: 1, updated: 0 });
      expect(await load(loader, timesheets, changed)).toMatchObject({ inserted: 0, updated: 0 });
      expect(
        await database.sql(
          `select "TS-Date" as date, "TS-Hours" as hours, "TS-Date (old)"::text as "oldDate", "TS-Hours (old)" as "oldHours"
           from ${database.table("timesheets")} where "TS-Date" >= '2025-12-31'`,
        ),
      ).toEqual([
        {
          date: new Date("2025-12-31T23:00:00Z"),
          hours: "3.125",
          oldDate: "2026-01-01 00:00:00",
          oldHours: "3.13",
        },
      ]);
    });
  },
  // Versions do not differ in this; the small old database below is adopted on all of them.
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase("an old database", (target) => {
  test("gets the columns, types, constraints and indexes of a migrated one, where nothing depends on the old ones", async () => {
    const database = await target.fresh({ migrated: false });
    const loader = database.open({ OTC_TIMEZONE: OLD_ZONE });
    const opened = await loader.database();
    await createOldTables(database, FEW);
    await expect(migrate(opened, () => undefined)).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining("comments, etl_metadata, tickets, timesheets"),
      remedy: expect.stringContaining("migrate --adopt --dry-run"),
    });
    const [commentTable, ticketTable] = [database.table("comments"), database.table("tickets")];
    await database.sql(
      `alter table ${commentTable} add column next_ticket integer generated always as (ticket_id + 1) stored`,
    );
    await database.sql(`create index by_month on ${ticketTable} (date_trunc('month', "TKT-Created Time"))`);
    const steps = await adopt(opened, await options(false));
    expect(
      steps?.filter(({ change }) => change === "old_column_kept").map((step) => [step.subject, step.detail]),
    ).toEqual([
      ["TKT-Ticket ID", 'integer, as "TKT-Ticket ID (old)": used by materialized view team_tickets'],
      [
        "TKT-Created Time",
        'timestamp without time zone, as "TKT-Created Time (old)": used by index by_month',
      ],
      ["comment_id", 'integer, as "comment_id (old)": used by view public_comments'],
      ["ticket_id", 'integer, as "ticket_id (old)": used by column next_ticket of table comments'],
      ["visible_to_customer", 'text, as "visible_to_customer (old)": used by view public_comments'],
      ["TS-Date", 'timestamp without time zone, as "TS-Date (old)": used by view monthly_hours'],
      ["TS-Hours", 'numeric(5,2), as "TS-Hours (old)": used by view monthly_hours'],
      [
        "TS-Approved",
        'text, as "TS-Approved (old)": ' +
          '2 values cannot become boolean without loss, for example "pending", and are null there',
      ],
    ]);

    const columns = await database.sql<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = any(array[$1, $2]::text[]::regclass[]) and attnum > 0`,
      [database.table("tickets"), database.table("timesheets")],
    );
    const typeOf = (name: string) => columns.find((column) => column.name === name)?.type;
    expect({
      old: ["TKT-Ticket ID (old)", "TS-Date (old)", "TS-Hours (old)", "TS-Approved (old)"].map(typeOf),
      beside: [typeOf("TKT-Ticket ID"), typeOf("TS-Date"), typeOf("TS-Hours"), typeOf("TS-Approved")],
      widened: [typeOf("TS-Crm ID"), typeOf("TKT-Modified Time"), typeOf("TS-Billable"), typeOf("TKT-Title")],
      kept: typeOf("Legacy Note"),
      added: [typeOf("TKT-SLA"), typeOf("extra")],
    }).toEqual({
      old: ["integer", "timestamp without time zone", "numeric(5,2)", "text"],
      beside: ["bigint", "timestamp with time zone", "numeric", "boolean"],
      widened: ["bigint", "timestamp with time zone", "boolean", "text"],
      kept: "text",
      added: ["text", "jsonb"],
    });
    expect(
      await database.sql(
        `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
         where conrelid = any(array[$1, $2]::text[]::regclass[]) and contype in ('p', 'u')
         order by 1`,
        [database.table("tickets"), database.table("timesheets")],
      ),
    ).toEqual([
      { name: "tickets_pkey", definition: 'PRIMARY KEY ("TKT-Ticket ID")' },
      {
        name: "timesheets_unique_entry",
        definition: 'UNIQUE NULLS NOT DISTINCT ("TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID")',
      },
    ]);
    // The first of the two half past twos.
    expect(
      await database.sql(
        `select created_time, user_id, visible_to_customer from ${database.table("comments")} where comment_id = 1`,
      ),
    ).toEqual([{ created_time: new Date("2024-10-27T00:30:00Z"), user_id: "12", visible_to_customer: true }]);

    const [status] = await readStatus(opened, [tickets], 5);
    expect(status?.runs).toMatchObject([
      { status: "abandoned", fetched: 0, skipped: null, startedAt: null },
      { status: "success", fetched: 4, inserted: 2, updated: 1, errors: null },
    ]);
    const totals = await readRunTotals(opened);
    expect(totals.filter(({ view }) => view === "tickets")).toMatchObject([
      { status: "abandoned", runs: 1, rows: { inserted: 0, updated: 0, rejected: 0 } },
      { status: "success", runs: 1, rows: { inserted: 2, updated: 1, rejected: 0 } },
    ]);
    expect(
      await database.sql(
        `select source, last_load_time from ${database.table("etl_metadata")} where run_id = 1`,
      ),
    ).toEqual([
      { source: "older script, its status: SUCCESS", last_load_time: new Date("2025-01-01T01:00:00Z") },
    ]);

    // What a narrow column cannot hold is refused, and nothing else.
    const records = [ticket(1), ticket(2 ** 31), ticket(50)];
    expect(await load(loader, tickets, records)).toMatchObject({ inserted: 1, updated: 1, errors: 1 });
    expect(await load(loader, tickets, records)).toMatchObject({ inserted: 0, updated: 0, errors: 1 });
    expect(
      await database.sql(`select column_name, sql_state from ${database.table("etl_rejects")} limit 1`),
    ).toEqual([{ column_name: null, sql_state: "22003" }]);

    // A truth value is spelled as the old table spells it, and analysts' conditions go on working.
    expect(
      await load(loader, comments, [comment(2, { "TKTCT-VisibleCustomer": "true" }), comment(3)]),
    ).toMatchObject({ inserted: 1, updated: 1 });
    expect(
      await database.sql(`select comment_id from ${database.table("public_comments")} order by 1`),
    ).toEqual([{ comment_id: 1 }, { comment_id: 2 }, { comment_id: 3 }]);
  });

  test("stays unchanged while an obstacle exists, and is adopted afterwards", async () => {
    const database = await target.fresh({ migrated: false });
    const opened = await database.open().database();
    await createOldTables(database, FEW);
    const inTheWay = database.table("etl_requests");
    await database.sql(`create view ${inTheWay} as select 1 as mine`);
    const before = await snapshot(database);
    await expect(adopt(opened, await options(false))).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining('"etl_requests" already exists'),
      remedy: expect.stringContaining("Nothing was changed"),
    });
    expect(await snapshot(database)).toEqual(before);
    await database.sql(`alter view ${inTheWay} rename to mine`);

    // Runs could not be recorded.
    const runs = database.table("etl_metadata");
    await database.sql(
      `alter table ${runs} add column id serial primary key, add constraint odd unique (load_status)`,
    );
    await expect(adopt(opened, await options(false))).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining('"odd"'),
    });
    await database.sql(`alter table ${runs} drop constraint odd`);

    const [tickets, moved] = [database.table("tickets"), database.table("tickets_duplicates")];
    await database.sql(`create table ${moved} as select *, 'by hand' as etl_reason from ${tickets} limit 1`);
    await expect(adopt(opened, await options(false))).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining('no "TKT-Title" of type text'),
    });
    await database.sql(`alter table ${moved} rename to moved_by_hand`);
    expect(await adopt(opened, await options(false))).toContainEqual(
      expect.objectContaining({ change: "rows_moved", subject: "tickets_duplicates", rows: 4 }),
    );
    expect(await database.sql(`select etl_reason as reason from ${moved} order by 1`)).toEqual([
      ...Array.from({ length: 4 }, () => ({ reason: "duplicate" })),
      { reason: "missing_key" },
    ]);
  });

  test("without some tables gets them, and rows are added to those that were moved before", async () => {
    const database = await target.fresh({ migrated: false });
    const opened = await database.open().database();
    const [first] = readMigrations();
    await opened.transaction(async (transaction) => {
      const schema = quoteIdentifier(database.schema);
      await transaction.script(`create schema ${schema}; set local search_path to ${schema}; ${first!.sql}`);
    });
    const [tickets, moved] = [database.table("tickets"), database.table("tickets_duplicates")];
    await database.sql(`alter table ${tickets} drop constraint tickets_pkey`);
    await database.sql(`insert into ${tickets} ("TKT-Ticket ID") values (1), (1), (2)`);
    await database.sql(
      `create table ${moved} as select *, 'duplicate'::text as etl_reason from ${tickets} limit 1`,
    );

    const steps = await adopt(opened, await options(false));
    expect(steps?.filter(({ table }) => table === "tickets")).toEqual([
      expect.objectContaining({ change: "rows_moved", subject: "tickets_duplicates", rows: 1 }),
      expect.objectContaining({ change: "constraint_added", subject: "tickets_pkey" }),
    ]);
    expect(await database.sql(`select count(*) as rows from ${moved}`)).toEqual([{ rows: 2 }]);
    expect(steps?.filter(({ change }) => change === "table_created").map(({ table }) => table)).toEqual(
      expect.arrayContaining(["comments", "etl_metadata", "etl_rejects", "timesheets"]),
    );
    expect((await migrationStatus(opened)).every(({ appliedAt }) => appliedAt !== null)).toBe(true);
  });
});
