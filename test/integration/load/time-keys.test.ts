import { expect, test } from "vitest";
import { adopt } from "../../../src/adopt/adopt.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { load, plan } from "../../support/load-records.ts";
import { timesheet } from "../../support/sample-records.ts";

/** The last version that stored a start time as it was spelled. */
const BEFORE_TIMES = 23;

const DAY = "2025-03-05T00:00:00Z";

function entry(from: string | null, hours: string, more = {}) {
  return timesheet("ann", { "TS-Date": DAY, "TS-Time From": from, "TS-Hours": hours, ...more });
}

function stored(database: DatabaseUnderTest, table = "timesheets"): Promise<readonly unknown[]> {
  return database.sql(
    `select "TS-Time From" as "from", "TS-Hours"::float8 as hours from ${database.table(table)} order by 1, 2`,
  );
}

describeEachDatabase("a start time", (target) => {
  test("is one key in each of its spellings", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, timesheets, [entry("9:00", "1"), entry("13:30:30", "2"), entry("noon", "3")]);
    expect(await stored(database)).toEqual([
      { from: "09:00", hours: 1 },
      { from: "13:30:30", hours: 2 },
      { from: "noon", hours: 3 },
    ]);
    const night = [entry("09:00:00", "1"), entry("13:30:30.000", "2.5"), entry("noon", "3")];
    expect(await plan(loader, timesheets, night)).toMatchObject({ inserted: 0, updated: 1, unchanged: 2 });
    expect(await load(loader, timesheets, night)).toMatchObject({ inserted: 0, updated: 1, unchanged: 2 });
    expect(await load(loader, timesheets, [entry("09:00", "1"), ...night.slice(1)])).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 3,
    });
    expect((await stored(database)).length).toBe(3);
  });

  test("that earlier loads stored in several spellings is merged, and no row is lost", async () => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(BEFORE_TIMES);
    const insert = (from: string | null, hours: number, modified: string | null, crm = 1) =>
      database.sql(
        `insert into ${database.table("timesheets")}
           ("TS-User Username", "TS-Date", "TS-Time From", "TS-Crm ID", "TS-Hours", "TS-Modified Time", etl_fingerprint)
         values ('ann', $1::text::timestamptz, $2, $3, $4, $5::text::timestamptz, gen_random_uuid())`,
        [DAY, from, crm, hours, modified],
      );
    await insert("9:00", 1, null);
    await insert("09:00", 2, "2025-03-07T00:00:00Z");
    await insert("09:00:00", 3, "2025-03-06T00:00:00Z");
    await insert("10:00:00", 4, null);
    await insert("10:00", 5, null);
    await insert("8:00", 6, null);
    await insert("24:00", 7, null);
    await insert("9:00", 8, null, 2);
    await insert(null, 9, null);
    await database.migrate();
    expect(await stored(database)).toEqual([
      { from: "08:00", hours: 6 },
      { from: "09:00", hours: 2 },
      { from: "09:00", hours: 8 },
      { from: "10:00", hours: 5 },
      { from: "24:00", hours: 7 },
      { from: null, hours: 9 },
    ]);
    expect(await stored(database, "timesheets_duplicates")).toEqual([
      { from: "09:00:00", hours: 3 },
      { from: "10:00:00", hours: 4 },
      { from: "9:00", hours: 1 },
    ]);
    expect(
      await database.sql(
        `select distinct etl_reason as reason from ${database.table("timesheets_duplicates")}`,
      ),
    ).toEqual([{ reason: "duplicate" }]);
    const loader = database.open();
    expect(
      await load(loader, timesheets, [
        entry("8:00", "6", { "TS-Crm ID": 1 }),
        entry("9:00", "8", { "TS-Crm ID": 2 }),
      ]),
    ).toMatchObject({ inserted: 0 });
  });

  test("of which an older script stored several spellings is merged by the adoption, which reports it", async () => {
    const database = await target.fresh({ migrated: false });
    await database.sql(`create schema if not exists ${database.table("x").split(".")[0]!}`);
    const table = database.table("timesheets");
    await database.sql(
      `create table ${table} ("TS-User Username" text, "TS-Date" timestamp, "TS-Time From" text, "TS-Crm ID" bigint, "TS-Hours" numeric)`,
    );
    await database.sql(
      `insert into ${table} values ('ann', '2025-03-05', '9:00', 1, 1), ('ann', '2025-03-05', '09:00', 1, 2), ('ann', '2025-03-05', '8:30', 1, 3)`,
    );
    const loader = database.open();
    const steps = await adopt(await loader.database(), {
      views: await viewCatalog(),
      zone: "UTC",
      dryRun: false,
      signal: new AbortController().signal,
    });
    expect(steps?.filter(({ change }) => change === "rows_moved")).toMatchObject([
      { subject: "timesheets_duplicates", rows: 1 },
    ]);
    expect(await stored(database)).toEqual([
      { from: "08:30", hours: 3 },
      { from: "09:00", hours: 2 },
    ]);
    expect(
      await load(loader, timesheets, [entry("9:00", "2", { "TS-Crm ID": 1 })], { allowShrink: true }),
    ).toMatchObject({ inserted: 0 });
  });
});

describeEachDatabase(
  "a start time in detail",
  (target) => {
    test("that occurs in two spellings in one document is one key, and the last record wins", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const twice = [entry("09:00", "1"), entry("9:00", "2"), entry("09:00:00", "3")];
      expect(await load(loader, timesheets, twice)).toMatchObject({ inserted: 1, duplicates: 2 });
      expect(await stored(database)).toEqual([{ from: "09:00", hours: 3 }]);
      // The first of them is known by its fingerprint after this load, the last one is not.
      await load(loader, timesheets, [entry("09:00", "1")], { allowShrink: true });
      expect(await load(loader, timesheets, [entry("9:00", "4"), entry("09:00", "1")])).toMatchObject({
        fetched: 2,
        duplicates: 1,
        unchanged: 1,
      });
      expect(await load(loader, timesheets, [entry("09:00", "1"), entry("9:00", "4")])).toMatchObject({
        fetched: 2,
        duplicates: 1,
        updated: 1,
      });
      expect(await stored(database)).toEqual([{ from: "09:00", hours: 4 }]);
    });

    test("that was stored in one spelling only leaves no table of duplicates", async () => {
      const database = await target.fresh({ migrated: false });
      await database.migrate(BEFORE_TIMES);
      await database.sql(
        `insert into ${database.table("timesheets")} ("TS-User Username", "TS-Date", "TS-Time From") values ('ann', now(), '9:00')`,
      );
      await database.migrate();
      expect((await stored(database)).map((row) => (row as { from: string }).from)).toEqual(["09:00"]);
      expect(
        await database.sql("select to_regclass($1)::text as name", [database.table("timesheets_duplicates")]),
      ).toEqual([{ name: null }]);
    });

    test.each(["varchar(8)", "char(8)", "time"])("in a column of type %s keeps its one key", async (type) => {
      const database = await target.fresh({ migrated: false });
      await database.migrate(BEFORE_TIMES);
      await database.sql(
        `alter table ${database.table("timesheets")} alter column "TS-Time From" type ${type} using "TS-Time From"::${type}`,
      );
      for (const from of type === "time" ? ["9:00", "10:00:30"] : ["9:00", "09:00", "09:00:00", "10:00:30"]) {
        await database.sql(
          `insert into ${database.table("timesheets")} ("TS-User Username", "TS-Date", "TS-Time From", "TS-Hours")
         values ('ann', $1::text::timestamptz, $2::text::${type}, 1)`,
          [DAY, from],
        );
      }
      await database.migrate();
      const loader = database.open();
      const counts = { inserted: 0, updated: 2, duplicates: 1 };
      expect(
        await load(loader, timesheets, [entry("9:00", "4"), entry("09:00:00", "5"), entry("10:00:30", "6")]),
      ).toMatchObject(counts);
      expect(
        await database.sql(
          `select "TS-Hours"::float8 as hours from ${database.table("timesheets")} order by 1`,
        ),
      ).toEqual([{ hours: 5 }, { hours: 6 }]);
    });
  },
  onOldest,
);
