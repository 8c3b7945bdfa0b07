import { expect, test } from "vitest";
import { createLoader } from "../../src/index.ts";
import { migrate } from "../../src/loader/migrate.ts";
import { callCli } from "../support/call-cli.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { runCli } from "../support/run-cli.ts";
import { timesheet } from "../support/sample-records.ts";

/** The newest migration of an otc-etl that knew neither team_hours nor user_lookup. */
const BEFORE_DERIVED_TABLES = 8;

/** Neither of them writes a row that would bring the derived tables up to date. */
const WAYS: Readonly<Record<string, (database: DatabaseUnderTest) => Promise<unknown>>> = {
  "`migrate`": ({ env }) => callCli(["migrate"], { env }),
  "`load --migrate`": ({ env }) =>
    runCli(["load", "timesheets", "--migrate", "--from", "-"], {
      env,
      input: documentOf([timesheet("ann", { "TS-User Full Name": "Ann Lee" })]),
    }),
  "the library": async ({ env }) => {
    const loader = createLoader({ env });
    await loader.migrate();
    await loader.close();
  },
  // What they all call.
  "a loader": (database) => migrate(database.open(), new AbortController().signal),
};

describeEachDatabase("the derived tables of existing rows", (target) => {
  // The ways differ before they reach the database, so one server sees all of them.
  const ways = target.name === "PostgreSQL 18" ? Object.keys(WAYS) : ["a loader"];

  test.each(ways)("are filled by %s", async (way) => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(BEFORE_DERIVED_TABLES);
    await database.sql(
      `insert into ${database.table("timesheets")} ("TS-User Username", "TS-Date", "TS-User Full Name", "TS-Hours", "TS-Billable")
       values ('ann', '2025-03-05Z', 'Ann Lee', 7.5, false)`,
    );
    await WAYS[way]?.(database);
    expect(await database.sql(`select username, full_name from ${database.table("user_lookup")}`)).toEqual([
      { username: "ann", full_name: "Ann Lee" },
    ]);
    expect(await database.sql(`select hours from ${database.table("team_hours")}`)).toEqual([
      { hours: "7.5" },
    ]);
  });
});

describeEachDatabase(
  "`migrate --partition`",
  (target) => {
    test("says what it did, in words and as JSON, and refuses what cannot be right before it connects", async () => {
      const { env } = await target.fresh();
      const input = documentOf([timesheet("ann"), timesheet("ann", { "TS-Date": "1/4/2025" })]);
      await callCli(["load", "timesheets", "--from", "-"], { env, input });
      const request = ["migrate", "--partition", "timesheets=TS-Date:month"];
      expect((await callCli(request, { env })).stdout).toBe(
        "Nothing to do: the database is up to date.\n" +
          "timesheets is partitioned by the month of TS-Date (UTC) now: 2 rows were moved into 2 partitions. " +
          "Loads create the partitions that their records need.\n",
      );
      const again = await callCli([...request, "--json"], { env });
      expect(JSON.parse(again.stdout)).toEqual({
        view: "timesheets",
        column: "TS-Date",
        period: "month",
        timeZone: "UTC",
        rows: 0,
        partitions: [],
        wasPartitioned: true,
      });
      const outside = ["migrate", "--partition", "tickets=TKT-Created Time:month"];
      expect(
        await callCli(outside, { env: { OTC_DATABASE_URL: "postgres://127.0.0.1:1/none" } }),
      ).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /two rows with one key in different partitions.*\n.*timesheets=TS-Date:month/,
        ),
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
