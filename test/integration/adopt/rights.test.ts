import { describe, expect, inject, onTestFinished, test } from "vitest";
import { adopt } from "../../../src/adopt/adopt.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("a role", () => {
  test("adopts tables only when it owns them, and is told the owner otherwise", async () => {
    const database = await faultyDatabase(server!.url, onTestFinished);
    const { env, name } = await roleOn(database, "", await rightsOfLoader());
    await database.sql(
      `create schema old authorization ${name};
       create table old.tickets (like servicedesk.tickets)`,
    );
    const opened = await database.open({ ...env, OTC_PG_SCHEMA: "old" }).database();
    const options = {
      views: await viewCatalog(),
      zone: "UTC",
      dryRun: false,
      signal: new AbortController().signal,
    };
    await expect(adopt(opened, options)).rejects.toMatchObject({
      code: "migration",
      message: "Only the owner of tickets can adopt it: postgres.",
      remedy: expect.stringContaining("Connect as postgres"),
    });
    await database.sql(`alter table old.tickets owner to ${name}`);
    expect(await adopt(opened, options)).toContainEqual(
      expect.objectContaining({ table: "timesheets", change: "table_created" }),
    );
  });
});
