import { expect, inject, test } from "vitest";
import { checkDistribution } from "../../../src/doctor/check-distribution.ts";
import { distribute } from "../../../src/loader/distribute.ts";
import { migrate } from "../../../src/loader/migrate.ts";
import { partitionTables } from "../../../src/loader/partition-tables.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { parsePartitionRequest } from "../../../src/partitions/partition-request.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeDistributed, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { tableRows } from "../../support/table-rows.ts";

const { signal } = new AbortController();

async function check(loader: Loader) {
  return checkDistribution(await loader.database(), await viewCatalog());
}

describeEachDatabase("a distribution without Citus", (target) => {
  test("is refused with the reason, and changes nothing", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await expect(distribute(loader, signal)).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining("does not have the extension Citus") as unknown,
    });
    expect(await check(loader)).toMatchObject({ state: "ok", finding: "the database is on one server" });
    expect(await load(loader, tickets, many(3, ticket))).toMatchObject({ inserted: 3 });
  });
});

describeDistributed("a distribution", (target) => {
  test("moves the rows of filled tables, loads go on, and again it does nothing", async () => {
    const database = await target.fresh({ migrated: false });
    const loader = database.open();
    await migrate(loader, signal);
    const documents = [
      [tickets, many(20, ticket)],
      [comments, many(30, (number) => comment(number, { "TKTCT-TicketID": number % 7 }))],
      [timesheets, many(25, (number) => timesheet(`user${number % 9}`, { "TS-Crm ID": number }))],
    ] as const;
    for (const [view, records] of documents) await load(loader, view, records);
    const before = await Promise.all(documents.map(([view]) => tableRows(database, view.table)));
    expect(await distribute(loader, signal)).toEqual([
      { view: "tickets", column: "TKT-Ticket ID", rows: 20, wasDistributed: false },
      { view: "comments", column: "ticket_id", rows: 30, wasDistributed: false },
      { view: "timesheets", column: "TS-User Username", rows: 25, wasDistributed: false },
    ]);
    expect(await Promise.all(documents.map(([view]) => tableRows(database, view.table)))).toEqual(before);
    for (const [view, records] of documents) {
      expect(await load(loader, view, records)).toMatchObject({ unchanged: records.length, updated: 0 });
    }
    expect((await distribute(loader, signal)).every(({ wasDistributed }) => wasDistributed)).toBe(true);
    expect(await check(loader)).toMatchObject({
      state: "ok",
      finding: expect.stringContaining("by ticket_id") as unknown,
    });
    expect(await migrate(loader, signal)).toEqual([]);
  });

  test("makes four shards for each worker, or as many as somebody has set", async () => {
    const shards = async (set: string | undefined): Promise<unknown> => {
      const database = await target.fresh({ migrated: false });
      if (set !== undefined) {
        await database.sql(
          `do $$ begin execute format('alter database %I set citus.shard_count = ${set}', current_database()); end $$`,
        );
      }
      const loader = database.open();
      await migrate(loader, signal);
      await distribute(loader, signal);
      return database.sql(
        `select count(*)::int as shards from pg_dist_shard where logicalrelid = $1::text::regclass`,
        [database.table("tickets")],
      );
    };
    expect(await shards("3")).toEqual([{ shards: 3 }]);
    const workers = inject("citus")?.workers.length ?? 0;
    expect(await shards(undefined)).toEqual([{ shards: 4 * workers }]);
  });

  test("is refused while a row has no distribution value, and for a partitioned table", async () => {
    const database = await target.fresh({ migrated: false });
    const loader = database.open();
    await migrate(loader, signal);
    await load(loader, comments, [comment(1), comment(2, { "TKTCT-TicketID": null })]);
    await expect(distribute(loader, signal)).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining("1 row of comments has no value in it") as unknown,
    });
    await database.sql(`delete from ${database.table("comments")} where ticket_id is null`);
    await partitionTables(loader, [parsePartitionRequest("timesheets=TS-Date:month", [timesheets])], signal);
    await expect(distribute(loader, signal)).rejects.toMatchObject({
      code: "migration",
      message: expect.stringContaining("its table is partitioned") as unknown,
    });
    expect(await check(loader)).toMatchObject({
      state: "ok",
      finding: "the database has Citus, and no table is distributed",
    });
    expect(await tableRows(database, "comments")).toHaveLength(1);
  });
});
