import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { FAST, SECOND_DOCUMENT, seed } from "../support/aftermath.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { loadStoppedIn } from "../support/interrupted-load.ts";
import { documentOf } from "../support/load-records.ts";
import { expectPlain, jsonLines, runCli } from "../support/run-cli.ts";
import { ticket } from "../support/sample-records.ts";

describeEachDatabase(
  "otc-etl plan",
  (target) => {
    test("shows by its exit code whether there are changes, and prints them", async () => {
      const database = await target.fresh();
      await seed(database);
      const plan = (args: readonly string[], input: string) =>
        callCli(["plan", "tickets", "--from", "-", ...args], { env: { ...FAST, ...database.env }, input });

      const something = await plan([], SECOND_DOCUMENT);
      expectPlain(something);
      expect(something.code).toBe(4);
      expect(something.stdout).toMatch(/^view +status +fetched .*\ntickets +planned +60 +40 +1 +19 +0 /);
      expect(something.stdout).toMatch(
        /TKT-Status changes in 1 row\n +TKT-Ticket ID="3": "Open" → "Closed"\n/,
      );

      const json = await plan(["--json", "--samples", "1"], SECOND_DOCUMENT);
      expect(json.code).toBe(4);
      expect(jsonLines(json.stdout)).toMatchObject([
        {
          view: "tickets",
          status: "planned",
          runId: null,
          fetched: 60,
          inserted: 40,
          updated: 1,
          skipped: 19,
          errors: 0,
          duplicates: 0,
          unchanged: 19,
          durationMs: expect.any(Number),
          changes: [{ column: "TKT-Status", rows: 1 }],
          duplicateKeys: { keys: 0, samples: [] },
          guards: [],
          driftWarnings: [],
          unknownFields: {},
        },
      ]);

      const nothing = await plan([], documentOf(Array.from({ length: 20 }, (_, index) => ticket(index + 1))));
      expect(nothing.code).toBe(0);
      const stopped = await plan([], documentOf([ticket(1)]));
      expect(stopped).toMatchObject({
        code: 4,
        stdout: expect.stringContaining("the load would FAIL: The document"),
      });
      expect((await plan([], "<html>")).code).toBe(1);
      for (const wrong of [
        ["--samples", "many"],
        ["--max-errors", "-1"],
      ]) {
        expect((await plan(wrong, "")).code).toBe(2);
      }
      const unknown = await plan(["--history-columns", "TKT-Satus"], "[]");
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("TKT-Status") });
    });

    test("is asked to try again later during a load of the view", async () => {
      const database = await target.fresh();
      await seed(database);
      const load = await loadStoppedIn(database, "classify");
      const plan = await runCli(["plan", "tickets", "--from", "-", "--json"], {
        env: { ...FAST, ...database.env },
        input: SECOND_DOCUMENT,
      });
      expect(plan.code).toBe(75);
      expect(jsonLines(plan.stdout)).toMatchObject([{ status: "failed", runId: null, errorCode: "locked" }]);
      await load.release();
      expect((await load.cli.result).code).toBe(0);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
