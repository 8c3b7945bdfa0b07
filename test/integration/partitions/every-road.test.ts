import { test } from "vitest";
import { partitionTables } from "../../../src/loader/partition-tables.ts";
import { parsePartitionRequest } from "../../../src/partitions/partition-request.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { divideTable } from "../../support/divide-table.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { expectSameRoads, openSite } from "../../support/roads.ts";

describeEachDatabase("a database whose tables are partitioned and an ordinary one", (target) => {
  test(
    "have the same rows, counts and pages on every road that records take",
    { timeout: 600_000 },
    async () => {
      const otc = await startDocumentServer({});
      const divided = await openSite(await target.fresh(), otc);
      const request = parsePartitionRequest("timesheets=TS-Date:month", [timesheets]);
      await partitionTables(divided.loader, [request], new AbortController().signal);
      await expectSameRoads(divided, await openSite(await target.fresh(), otc));
    },
  );
});

describeEachDatabase(
  "a database whose tables an administrator has divided, one without a unique key, and an ordinary one",
  (target) => {
    test(
      "have the same rows, counts and pages, although rows move from one partition to another",
      { timeout: 600_000 },
      async () => {
        const otc = await startDocumentServer({});
        const divided = await openSite(await target.fresh(), otc);
        const database = await divided.loader.database();
        await divideTable(database, "tickets", {
          by: `list ("TKT-Status")`,
          column: "TKT-Status",
          partitions: ["for values in ('Open')", "default"],
        });
        await divideTable(database, "comments", {
          by: "hash (comment_id)",
          column: "comment_id",
          partitions: [0, 1, 2].map((remainder) => `for values with (modulus 3, remainder ${remainder})`),
        });
        await divideTable(database, "timesheets", {
          by: `range ("TS-User Username")`,
          column: "TS-User Username",
          partitions: ["for values from (minvalue) to ('user2')", "default"],
        });
        await expectSameRoads(divided, await openSite(await target.fresh(), otc));
      },
    );
  },
  ({ engine }) => engine === "postgres",
);
