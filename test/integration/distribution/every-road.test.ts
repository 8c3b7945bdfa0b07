import { test } from "vitest";
import { startDocumentServer } from "../../support/document-server.ts";
import { describeDistributed, describeEachDatabase } from "../../support/each-database.ts";
import { expectSameRoads, openSite } from "../../support/roads.ts";

describeEachDatabase(
  "a distributed database and",
  (ordinary) => {
    describeDistributed("have the same rows, counts and pages", (distributed) => {
      test("on every road that records take", { timeout: 900_000 }, async () => {
        const otc = await startDocumentServer({});
        const citus = await openSite(await distributed.fresh(), otc);
        await expectSameRoads(citus, await openSite(await ordinary.fresh(), otc));
      });
    });
  },
  ({ name }) => name === "PostgreSQL 15",
);
