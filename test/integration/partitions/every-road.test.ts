import { test } from "vitest";
import { partitionTables } from "../../../src/loader/partition-tables.ts";
import { parsePartitionRequest } from "../../../src/partitions/partition-request.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
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
