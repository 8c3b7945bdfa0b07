import { expect, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { createOldTables } from "../support/old-database.ts";
import { expectPlain, jsonLines, runCli } from "../support/run-cli.ts";
import { many, comment } from "../support/sample-records.ts";

describeEachDatabase(
  "migrate --adopt",
  (target) => {
    test("is suggested for an old database, has a dry run, runs once, and loads continue", async () => {
      const database = await target.fresh({ migrated: false });
      await createOldTables(database, { tickets: 9, extraTickets: 4, timesheets: 9, extraTimesheets: 4 });
      const { env } = database;
      for (const args of [["migrate"], ["load", "comments", "--from", "-"], ["status"]]) {
        const refused = await callCli(args, { env });
        expect(refused).toMatchObject({ code: 2, stdout: "" });
        expect(refused.stderr).toContain(
          "→ If an older script created them, run `otc-etl migrate --adopt --dry-run`",
        );
      }

      const planned = await callCli(["migrate", "--adopt", "--dry-run"], { env });
      expect(planned).toMatchObject({ code: 0, stderr: "" });
      expect(planned.stdout).toMatch(
        /^tickets +rows moved +tickets_duplicates +4 +a newer row has the same key$/m,
      );
      expect(planned.stdout).toMatch(/^Nothing was changed/m);
      expectPlain(planned);

      const adopted = await runCli(["migrate", "--adopt", "--json"], { env });
      expect(adopted.code).toBe(0);
      expect(jsonLines(adopted.stdout)).toContainEqual({
        table: "timesheets",
        change: "rows_moved",
        subject: "timesheets_duplicates",
        rows: 4,
        detail: "a newer row has the same key",
      });
      expect(await callCli(["migrate", "--adopt"], { env })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("Nothing to adopt"),
      });
      expect((await callCli(["migrate", "--status"], { env })).stdout).not.toContain("pending");

      const input = documentOf(many(4, (number) => comment(number)));
      const loaded = await callCli(["load", "comments", "--from", "-", "--json"], { env, input });
      expect(jsonLines(loaded.stdout)).toMatchObject([{ status: "success", inserted: 2, updated: 2 }]);
      const status = await callCli(["status"], { env });
      expect(status.code).toBe(0);
      expect(status.stdout).toMatch(/ 1 +tickets +load +success +- +- +4 +2 +1 +- +-$/m);
    });

    test("excludes --status, and --dry-run requires it", async () => {
      for (const args of [["--dry-run"], ["--adopt", "--status"]]) {
        expect(await callCli(["migrate", ...args])).toMatchObject({
          code: 2,
          stdout: "",
          stderr: expect.stringContaining("--adopt"),
        });
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
