import { hostname } from "node:os";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { callCli } from "../support/call-cli.ts";
import { FAST, runStatuses, seed, SECOND_DOCUMENT, withLoader } from "../support/aftermath.ts";
import { startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { loadStoppedIn } from "../support/interrupted-load.ts";
import { documentOf } from "../support/load-records.ts";
import { jsonLines, runCli, startCli } from "../support/run-cli.ts";
import { comment } from "../support/sample-records.ts";

const cliEnv = (database: DatabaseUnderTest) => ({ ...FAST, ...database.env });

describeEachDatabase(
  "two processes",
  (target) => {
    test("loading one view: the second is told at once by which process, and does not abandon the first", async () => {
      const database = await target.fresh();
      await seed(database);
      const first = await loadStoppedIn(database, "classify");
      const second = await runCli(["load", "tickets", "--from", "-", "--json"], {
        env: cliEnv(database),
        input: SECOND_DOCUMENT,
      });
      // The refusal has not waited for the first to end, nor for any time of its own.
      expect(first.cli.process.exitCode).toBeNull();
      const [outcome] = jsonLines(second.stdout);
      expect(second.code).toBe(75);
      expect(outcome).toMatchObject({ status: "failed", errorCode: "locked" });
      expect(second.stderr).not.toContain("waiting");
      expect(outcome!["error"]).toMatch(
        new RegExp(
          `^The view tickets is being loaded by run 2 \\(process ${first.cli.process.pid!} on ${hostname()}, since 20\\d\\d-`,
        ),
      );
      expect(second.stderr).toContain("--wait");
      // Neither a short patience nor a migration disturbs it.
      const impatient = await callCli(["load", "tickets", "--from", "-", "--wait", "300ms"], {
        env: cliEnv(database),
        input: SECOND_DOCUMENT,
      });
      expect(impatient.code).toBe(75);
      expect(impatient.stderr).toMatch(/waiting: The view tickets is being loaded by run 2/);
      const migration = await callCli(["migrate"], { env: cliEnv(database) });
      expect(migration).toMatchObject({
        code: 75,
        stderr: expect.stringContaining("A load or another migration"),
      });

      await first.release();
      expect((await first.cli.result).code).toBe(0);
      const statuses = await withLoader(database, async (loader) => runStatuses(await loader.database()));
      expect(statuses).toEqual(["success", "success", "failed", "failed"]);
    });

    test("loading one view: the second waits on request, and then loads", async () => {
      const database = await target.fresh();
      await seed(database);
      const first = await loadStoppedIn(database, "classify");
      const second = await startCli(["load", "tickets", "--from", "-", "--wait", "30s", "--json"], {
        env: cliEnv(database),
        input: SECOND_DOCUMENT,
      });
      await second.output(/waiting: The view tickets is being loaded by run 2/);
      await first.release();
      expect((await first.cli.result).code).toBe(0);
      const { code, stdout } = await second.result;
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toMatchObject([{ status: "success", runId: 3, fetched: 60, unchanged: 60 }]);
    });

    test("loading different views, or reading, run at the same time", async () => {
      const database = await target.fresh();
      await seed(database);
      const first = await loadStoppedIn(database, "apply");
      const other = await callCli(["load", "comments", "--from", "-"], {
        env: cliEnv(database),
        input: documentOf([comment(1)]),
      });
      expect(other.code).toBe(0);
      const analyst = new Client({ connectionString: database.env["OTC_DATABASE_URL"] });
      await analyst.connect();
      onTestFinished(() => analyst.end());
      await analyst.query("set statement_timeout = '10s'");
      const { rows } = await analyst.query(
        `select count(*)::int as count, count(*) filter (where "TKT-Status" = 'Closed')::int as closed from ${database.table("tickets")}`,
      );
      expect(rows).toEqual([{ count: 20, closed: 0 }]);
      const status = await callCli(["status", "--json"], { env: cliEnv(database) });
      expect(status.code).toBe(0);
      first.cli.process.kill("SIGINT");
      expect((await first.cli.result).code).toBe(130);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "several processes that load one view at the same moment",
  (target) => {
    const processes = target.name === "PostgreSQL 18" ? 10 : 5;

    test("each load it, or are skipped; the table is right and every run is recorded", async () => {
      const database = await target.fresh();
      await seed(database);
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT });
      const runs = await Promise.all(
        Array.from({ length: processes }, () =>
          runCli(["load", "tickets", "--json"], { env: { ...cliEnv(database), ...server.env } }),
        ),
      );
      const codes = runs.map((run) => run.code);
      expect(codes.filter((code) => code !== 0 && code !== 75)).toEqual([]);
      const committed = codes.filter((code) => code === 0).length;
      expect(committed).toBeGreaterThan(0);
      // A skipped load sends no request to OTC.
      expect(server.requests).toHaveLength(committed);

      const outcomes = runs.flatMap((run) => jsonLines(run.stdout));
      const inserted = outcomes.map((outcome) => Number(outcome["inserted"]));
      expect(inserted.reduce((sum, count) => sum + count, 0)).toBe(40);
      const [table] = await database.sql(
        `select count(*)::int as count, count(*) filter (where "TKT-Status" = 'Closed')::int as closed from ${database.table("tickets")}`,
      );
      expect(table).toEqual({ count: 60, closed: 1 });
      const recorded = await database.sql<{ status: string; code: string | null; count: number }>(
        `select load_status as status, error_code as code, count(*)::int as count
         from ${database.table("etl_metadata")} group by 1, 2 order by 1`,
      );
      expect(recorded).toEqual([
        ...(committed < processes
          ? [{ status: "failed", code: "locked", count: processes - committed }]
          : []),
        { status: "success", code: null, count: committed + 1 },
      ]);
      // A skipped load is no failure, whatever the rate. The new records come late, which the check may report.
      const check = await callCli(["status", "--check"], { env: cliEnv(database) });
      expect(check.stdout).not.toMatch(/^tickets: .*(?:failed|rolled back|loaded .* ago)/m);
    });
  },
  ({ engine }) => engine === "postgres",
);
