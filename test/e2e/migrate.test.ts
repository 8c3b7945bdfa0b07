import { expect, test } from "vitest";
import { createLoader } from "../../src/index.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { migrateUpTo } from "../support/migrate-by.ts";
import { runCli } from "../support/run-cli.ts";
import { timesheet } from "../support/sample-records.ts";

/** The newest migration of an otc-etl that knew neither team_hours nor user_lookup. */
const BEFORE_DERIVED_TABLES = 8;

/** Neither of them writes a row that would bring the derived tables up to date. */
const WAYS: Readonly<Record<string, (database: DatabaseUnderTest) => Promise<unknown>>> = {
  "`migrate`": ({ env }) => runCli(["migrate"], { env }),
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
};

describeEachDatabase("the derived tables of existing rows", (target) => {
  test.each(Object.keys(WAYS))("are filled by %s", async (way) => {
    const database = await target.fresh({ migrated: false });
    await migrateUpTo(BEFORE_DERIVED_TABLES, database.env);
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
