import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { checkPartitions } from "../../../src/doctor/check-partitions.ts";
import { partitionTables } from "../../../src/loader/partition-tables.ts";
import { restoreMissing } from "../../../src/loader/restore-missing.ts";
import { readMissing } from "../../../src/runs/queries/read-missing.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import type { PartitionedTable } from "../../../src/partitions/partition-table.ts";
import { parsePartitionRequest } from "../../../src/partitions/partition-request.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { type Fields, failingLoad, load, loadFromApi, plan } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

const { signal } = new AbortController();

async function partition(loader: Loader): Promise<PartitionedTable> {
  const request = parsePartitionRequest("timesheets=TS-Date:month", [timesheets]);
  const [table] = await partitionTables(loader, [request], signal);
  if (table === undefined) throw new Error("Nothing was partitioned.");
  return table;
}

function partitionsOf(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database
    .sql<{ name: string }>(
      `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
       where inhparent = $1::text::regclass order by 1`,
      [database.table("timesheets")],
    )
    .then((rows) => rows.map(({ name }) => name));
}

/** Everything about a table that a reader can notice, by name. */
async function propertiesOf(database: DatabaseUnderTest): Promise<unknown> {
  const table = database.table("timesheets");
  const list = (sql: string): Promise<readonly unknown[]> => database.sql(sql, [table]);
  return {
    columns: await list(
      `select attname, format_type(atttypid, atttypmod) as type, attnotnull, attacl::text,
         col_description(attrelid, attnum) as comment
       from pg_attribute where attrelid = $1::text::regclass and attnum > 0 order by attnum`,
    ),
    indexes: await list(
      `select indexrelid::regclass::text as name, indisunique, indnullsnotdistinct, indkey::text as columns,
         obj_description(indexrelid, 'pg_class') as comment
       from pg_index where indrelid = $1::text::regclass order by 1`,
    ),
    constraints: await list(
      `select conname, contype, pg_get_constraintdef(oid) as definition
       from pg_constraint where conrelid = $1::text::regclass and contype <> 'n' order by 1`,
    ),
    triggers: await list(
      `select tgname, tgenabled from pg_trigger where tgrelid = $1::text::regclass and not tgisinternal order by 1`,
    ),
    table: await list(
      `select relowner, relacl::text, obj_description(oid, 'pg_class') as comment from pg_class where oid = $1::text::regclass`,
    ),
  };
}

const entry = (month: number, user = "ann", fields: Fields = {}): Fields =>
  timesheet(user, { "TS-Date": new Date(Date.UTC(2025, month - 1, 15)).toISOString(), ...fields });

/** Reads of old months must not be those of the window: its first two days are not judged. */
const night = (months: readonly number[]): Fields[] =>
  months.flatMap((month) => many(6, (number) => entry(month, `user ${number}`)));

describeEachDatabase("`migrate --partition`", (target) => {
  test("divides a filled table in place, and everything that reads it reads the same rows", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const table = database.table("timesheets");
    const records = [...night([1, 2, 4]), entry(2, "bob", { "TS-Time From": "9:00", "TS-Crm ID": 7 })];
    await load(loader, timesheets, records);
    await database.sql(`create index analysts_index on ${table} ("TS-Category")`);
    await database.sql(`comment on index ${database.table("analysts_index")} is 'Of the analysts.'`);
    await database.sql(`alter table ${table} add constraint few_hours check ("TS-Hours" < 100)`);
    await database.sql(`grant select on ${table} to pg_read_all_stats`);
    await database.sql(`grant update ("TS-Notes") on ${table} to pg_read_all_stats with grant option`);
    await database.sql(
      `create view ${database.table("analysts_view")} with (security_invoker = true) as
       select "TS-User Username" as who, sum("TS-Hours") as hours from ${table} group by 1`,
    );
    const contents = async (): Promise<readonly unknown[]> => [
      ...(await database.sql(`select to_jsonb(t) as row from ${table} t order by t::text`)),
      ...(await database.sql(`select * from ${database.table("analysts_view")} order by 1`)),
      ...(await database.sql(
        `select view_name, total_records from ${database.table("v_data_freshness")} order by 1`,
      )),
    ];
    const [rows, properties] = [await contents(), await propertiesOf(database)];

    expect(await partition(loader)).toMatchObject({ rows: 19, timeZone: "UTC", wasPartitioned: false });
    expect(await contents()).toEqual(rows);
    expect(await propertiesOf(database)).toEqual(properties);
    expect(await partitionsOf(database)).toEqual([
      "timesheets_2025_01",
      "timesheets_2025_02",
      "timesheets_2025_04",
    ]);
    expect(await database.sql(`select reloptions from pg_class where relname = 'analysts_view'`)).toEqual([
      { reloptions: ["security_invoker=true"] },
    ]);
    expect(await partition(loader)).toMatchObject({ rows: 0, wasPartitioned: true });

    const next = [...records.slice(1), entry(1, "user 1", { "TS-Hours": "8" }), entry(5, "new")];
    const planned = await plan(loader, timesheets, next);
    expect(planned).toMatchObject({ inserted: 1, updated: 1, unchanged: 18 });
    expect(await partitionsOf(database)).toHaveLength(3);
    const outcome = await load(loader, timesheets, next);
    expect(outcome).toMatchObject({ status: "success", inserted: 1, updated: 1, unchanged: 18 });
    expect(await partitionsOf(database)).toEqual([
      "timesheets_2025_01",
      "timesheets_2025_02",
      "timesheets_2025_04",
      "timesheets_2025_05",
    ]);
    expect(
      await database.sql(`select username, old_value, new_value from ${database.table("timesheet_history")}`),
    ).toEqual([{ username: "user 1", old_value: "7.5", new_value: "8" }]);
    // Their fingerprints are still those of the same columns, so they were neither converted nor staged.
    expect(
      await database.sql(
        `select records_known::int as known from ${database.table("etl_metadata")} where run_id = $1`,
        [outcome.runId],
      ),
    ).toEqual([{ known: 18 }]);
    expect(
      await database.sql(`select total_records::int as rows from ${database.table("v_data_freshness")}
        where view_name = 'timesheets'`),
    ).toEqual([{ rows: 20 }]);
    expect(await checkPartitions(await loader.database(), await viewCatalog())).toMatchObject({
      state: "ok",
      finding: "timesheets by month of TS-Date (UTC)",
    });
  });

  test("leaves months that an analyst detaches out of the missing rows, and gives them back", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await partition(loader);
    await loadFromApi(loader, timesheets, night([1, 2, 3]));
    const detach = (name: string): Promise<unknown> =>
      database.sql(`alter table ${database.table("timesheets")} detach partition ${database.table(name)}`);
    await detach("timesheets_2025_01");
    // The window has moved on, and so have two loads, after which rows would be missing.
    for (const run of [1, 2, 3]) {
      expect(
        await loadFromApi(loader, timesheets, night([2, 3]), { allowShrink: true }),
        `run ${run}`,
      ).toMatchObject({
        status: "success",
        missing: 0,
        inserted: 0,
        unchanged: 12,
      });
    }
    expect(await database.sql(`select * from ${database.table("etl_missing")}`)).toEqual([]);
    // What OTC still sends comes back, beside the detached table, which keeps its name and rows.
    expect(await loadFromApi(loader, timesheets, night([1, 2, 3]))).toMatchObject({ inserted: 6 });
    expect(await partitionsOf(database)).toContain("timesheets_2025_01_2");
  });

  test("gets a row that was archived as missing back, also into a month that was detached since", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await partition(loader);
    const all = night([1, 2, 3]);
    await loadFromApi(loader, timesheets, all);
    const fewer = all.filter((_, index) => index !== 7);
    await loadFromApi(loader, timesheets, fewer);
    expect(await loadFromApi(loader, timesheets, fewer)).toMatchObject({ missing: 1 });
    const opened = await loader.database();
    const [archived] = await readMissing(opened, { action: "archived" }, 1);
    const table = database.table("timesheets");
    await database.sql(`alter table ${table} detach partition ${database.table("timesheets_2025_02")}`);
    const restored = await restoreMissing(opened, archived!.missingId, {
      log: pino({ level: "silent" }),
      signal,
    });
    expect(restored).toMatchObject({ action: "restored" });
    expect(await partitionsOf(database)).toContain("timesheets_2025_02_2");
    expect(
      await database.sql(`select "TS-User Username" as who from ${database.table("timesheets_2025_02_2")}`),
    ).toEqual([{ who: "user 2" }]);
  });

  test("and loads keep every row once, whatever its month (property)", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await partition(loader);
    const keys = fc.record({
      month: fc.integer({ min: 1, max: 15 }),
      from: fc.constantFrom(null, "09:00"),
      crm: fc.constantFrom(null, 7),
    });
    const documents = fc.array(
      fc.uniqueArray(fc.tuple(keys, fc.integer({ min: 0, max: 2 })), {
        minLength: 4,
        maxLength: 12,
        selector: ([key]) => JSON.stringify(key),
      }),
      { minLength: 2, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(documents, async (versions) => {
        await database.sql(`truncate ${database.table("timesheets")}`);
        const model = new Map<string, number>();
        for (const rows of versions) {
          for (const [key, hours] of rows) model.set(JSON.stringify(key), hours);
          const records = rows.map(([{ month, from, crm }, hours]) =>
            entry(month, "ann", { "TS-Time From": from, "TS-Crm ID": crm, "TS-Hours": hours }),
          );
          expect(await load(loader, timesheets, records, { allowShrink: true })).toMatchObject({
            status: "success",
          });
        }
        const stored = await database.sql<{
          month: number;
          from: string | null;
          crm: number | null;
          hours: number;
        }>(
          `select ((extract(year from "TS-Date") - 2025) * 12 + extract(month from "TS-Date"))::int as month,
             "TS-Time From" as "from", "TS-Crm ID" as crm, "TS-Hours"::int as hours
           from ${database.table("timesheets")}`,
        );
        const found = stored.map(
          ({ hours, month, from, crm }) => [JSON.stringify({ month, from, crm }), hours] as const,
        );
        expect(found).toHaveLength(model.size);
        expect(new Map(found)).toEqual(model);
      }),
      { numRuns: 5 },
    );
  });
});

describeEachDatabase(
  "`migrate --partition` in detail",
  (target) => {
    test("begins months in the time zone of the loads, also on an empty table", async () => {
      const database = await target.fresh();
      const loader = database.open({ OTC_TIMEZONE: "Europe/Vienna" });
      expect(await partition(loader)).toMatchObject({ rows: 0, partitions: [], timeZone: "Europe/Vienna" });
      await load(loader, timesheets, [
        timesheet("ann", { "TS-Date": "31/3/2025 23:59" }),
        timesheet("ann", { "TS-Date": "1/4/2025" }),
        timesheet("ann", { "TS-Date": "2025-12-31T23:00:00Z" }),
      ]);
      expect(await partitionsOf(database)).toEqual([
        "timesheets_2025_03",
        "timesheets_2025_04",
        "timesheets_2026_01",
      ]);
    });

    test.for([
      [
        "a foreign key of another table",
        `create table TABLE_notes ("user" text, "day" timestamptz, "from" text, crm bigint,
       foreign key ("user", "day", "from", crm)
       references TABLE ("TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID"))`,
        /refers to it by the constraint/,
      ],
      [
        "a materialized view",
        `create materialized view TABLE_copy as select * from TABLE`,
        /materialized view .*depends on it/,
      ],
      ["a policy", `alter table TABLE enable row level security`, /it has policies/],
      [
        "a unique index without the time",
        `create unique index on TABLE (lower("TS-Notes"))`,
        /unique index .* does not contain "TS-Date"/,
      ],
      [
        "a function that returns its rows",
        `create function TABLE_rows() returns setof TABLE language sql as 'select * from TABLE'`,
        /timesheets_rows/,
      ],
    ] as const)("refuses a table with %s, and changes nothing", async ([, statement, reason]) => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, timesheets, night([1]));
      const named = statement.replaceAll(/TABLE(\w*)/g, (_, suffix: string) =>
        database.table(`timesheets${suffix}`),
      );
      await database.sql(named);
      const before = await propertiesOf(database);
      await expect(partition(loader)).rejects.toMatchObject({
        code: "migration",
        message: expect.stringMatching(reason),
      });
      expect(await propertiesOf(database)).toEqual(before);
      expect(await database.sql(`select * from ${database.table("etl_partitions")}`)).toEqual([]);
      expect(await load(loader, timesheets, night([1]))).toMatchObject({ unchanged: 6 });
    });
  },
  onOldest,
);

describeEachDatabase("a table that is partitioned by a column outside of its key", (target) => {
  test("is refused by loads and doctor while two partitions have rows with one key", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const table = database.table("tickets");
    await load(loader, tickets, [ticket(1)]);
    await database.sql(`alter table ${table} rename to tickets_whole`);
    await database.sql(
      `create table ${table} (like ${database.table("tickets_whole")}) partition by range ("TKT-Created Time")`,
    );
    for (const year of [2024, 2025]) {
      await database.sql(
        `create table ${database.table(`tickets_${year}`)} partition of ${table}
         for values from ('${year}-01-01Z') to ('${year + 1}-01-01Z')`,
      );
    }
    const created = (id: number, year: number): Fields =>
      ticket(id, { "TKT-Created Time": `${year}-05-01T00:00:00Z` });
    await load(loader, tickets, [created(1, 2024), created(2, 2024)]);
    // The column is written only by the insert, so the row stays in its partition, and there is one.
    expect(await load(loader, tickets, [created(1, 2025), created(2, 2024)])).toMatchObject({ unchanged: 2 });
    expect(await checkPartitions(await loader.database(), [tickets])).toMatchObject({ state: "ok" });

    await database.sql(
      `insert into ${table} ("TKT-Ticket ID", "TKT-Created Time") values (2, '2025-05-01Z')`,
    );
    expect(await failingLoad(loader, tickets, [created(1, 2024), created(2, 2024)])).toMatchObject({
      error: {
        code: "guard",
        message: expect.stringMatching(
          /^Several rows of .*tickets" have the key {"TKT-Ticket ID": 2}\. A load/,
        ),
        remedy: expect.stringContaining("Delete all but one row"),
      },
    });
    expect(await checkPartitions(await loader.database(), [tickets])).toMatchObject({
      state: "failed",
      finding: expect.stringContaining('{"TKT-Ticket ID": 2}'),
    });
  });
});

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a table that `migrate --partition` has divided", () => {
  const { url } = server!;

  test("gets new months by a role that only loads, while readers go on reading", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    await partition(database.open());
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    const loader = database.open(env);
    expect(await load(loader, timesheets, night([1, 2]))).toMatchObject({ status: "success", inserted: 12 });
    await (
      await loader.database()
    ).transaction(async (transaction) => {
      const { rows } = await transaction.query<{ created: readonly string[] }>(
        "select servicedesk.create_partitions('timesheets', array['2025-03-15Z']::timestamptz[]) as created",
      );
      expect(rows).toEqual([{ created: ["timesheets_2025_03"] }]);
      const reader = await database.session();
      await reader.query("set lock_timeout = '1s'");
      const read = await reader.query("select count(*)::int as rows from servicedesk.timesheets");
      expect(read.rows).toEqual([{ rows: 12 }]);
    });
    await database.sql(
      `revoke execute on function servicedesk.create_partitions(text, timestamptz[]) from ${name}`,
    );
    expect(await checkPartitions(await loader.database(), await viewCatalog())).toMatchObject({
      state: "failed",
      finding: "the role may not create partitions of timesheets",
      remedy: expect.stringContaining('grant execute on function "servicedesk"."create_partitions"'),
    });
  });

  test("gets no partition where another program has one for a part of the month, or for every row", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const loader = database.open();
    await partition(loader);
    await database.sql(
      `create table servicedesk.of_another partition of servicedesk.timesheets
       for values from ('2025-01-10Z') to ('2025-02-01Z')`,
    );
    const early = timesheet("early", { "TS-Date": "2/1/2025" });
    const outcome = await load(loader, timesheets, [entry(1), early, entry(3)]);
    expect(outcome).toMatchObject({ status: "partial", inserted: 2, errors: 1 });
    await database.sql("create table servicedesk.rest partition of servicedesk.timesheets default");
    expect(await load(loader, timesheets, [entry(1), entry(3), entry(4), entry(5)])).toMatchObject({
      inserted: 2,
    });
    expect(await database.sql("select count(*)::int as rows from servicedesk.rest")).toEqual([{ rows: 2 }]);
  });
});
