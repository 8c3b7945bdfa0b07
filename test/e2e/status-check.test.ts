import { expect, test } from "vitest";
import type { LoadOutcome } from "../../src/runs/outcome.ts";
import comments from "../../src/views/definitions/comments.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import timesheets from "../../src/views/definitions/timesheets.ts";
import type { View } from "../../src/views/view.ts";
import { callCli } from "../support/call-cli.ts";
import { expectUntouched, FAST, SECOND, SECOND_DOCUMENT, seed, withLoader } from "../support/aftermath.ts";
import { startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { attemptLoad, type Fields } from "../support/load-records.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { comment, ticket, timesheet } from "../support/sample-records.ts";

const cliEnv = (database: DatabaseUnderTest) => ({ ...FAST, ...database.env });

/** In this process: only what `status` makes of it matters. */
function loadRecords(
  database: DatabaseUnderTest,
  view: View,
  document: readonly Fields[] | string,
): Promise<LoadOutcome> {
  return withLoader(database, (loader) => attemptLoad(loader, view, document));
}

/** What `status --check` says of tickets. */
async function check(database: DatabaseUnderTest, ...args: string[]) {
  const { code, stdout } = await callCli(["status", "--check", ...args], { env: cliEnv(database) });
  const lines = stdout.split("\n");
  return {
    code,
    tickets: lines.filter((line) => line.startsWith("tickets: ")),
    remedies: lines.filter((line) => line.startsWith("  → ")),
  };
}

describeEachDatabase(
  "status --check",
  (target) => {
    test("exits 1 with the reason, until all views are up to date", async () => {
      const database = await target.fresh();
      const nothing = await callCli(["status", "--check"], { env: cliEnv(database) });
      expect(nothing).toMatchObject({
        code: 1,
        stdout: "tickets: was never loaded.\ncomments: was never loaded.\ntimesheets: was never loaded.\n",
      });

      await seed(database);
      await loadRecords(database, comments, [comment(1)]);
      await loadRecords(database, timesheets, [timesheet("ann")]);
      expect(await callCli(["status", "--check"], { env: cliEnv(database) })).toMatchObject({
        code: 0,
        stdout: "All views are up to date.\n",
      });
      const old = await check(database, "--max-age", "1ms");
      expect(old).toMatchObject({
        code: 1,
        tickets: [expect.stringMatching(/was last loaded .* ago, more than/)],
      });

      // A failed run. Of two transactions there is no rate.
      await loadRecords(database, tickets, "<html>\u001b[31m\n");
      const failed = await check(database);
      expect(failed.code).toBe(1);
      expect(failed.tickets).toEqual([
        expect.stringMatching(/the last run \(\d+\) failed: The response is a web page/),
      ]);
      expect(failed.remedies).toEqual([expect.stringMatching(/^ {2}→ It is a login or maintenance page\./)]);
      const prometheus = await runCli(["status", "--prometheus"], { env: cliEnv(database) });
      expect(prometheus.code).toBe(0);
      expect(prometheus.stdout).toContain('\notc_etl_failures_in_row{view="tickets"} 1\n');

      // Good ones after it leave the rate.
      await loadRecords(database, tickets, "<html>");
      for (let night = 1; night <= 2; night += 1) await loadRecords(database, tickets, SECOND);
      expect(await check(database)).toMatchObject({
        code: 1,
        tickets: ["tickets: 40 % of the last runs were rolled back, more than the 20 % allowed."],
      });
      expect((await check(database, "--max-rollback-rate", "41")).code).toBe(0);

      // An abandoned one.
      await database.sql(
        `insert into ${database.table("etl_metadata")} (view_name, load_status, source, host, pid, otc_etl_version, rollbacks)
         values ('tickets', 'abandoned', 'x', 'x', 1, 'x', 1)`,
      );
      const abandoned = await check(database, "--max-rollback-rate", "60%");
      expect(abandoned).toMatchObject({ code: 1, tickets: [expect.stringContaining("was abandoned")] });

      const worse = await loadRecords(database, tickets, [...SECOND, ticket("?"), ticket("??")]);
      expect(worse).toMatchObject({ status: "partial", errors: 2 });
      const grew = await check(database, "--max-rollback-rate", "60%");
      expect(grew).toMatchObject({
        code: 1,
        tickets: ["tickets: the last load put 2 more records in quarantine than the one before."],
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "the record of a load from OTC",
  (target) => {
    test("contains its metrics", async () => {
      const database = await target.fresh();
      await seed(database);
      const server = await startDocumentServer(
        { tickets: SECOND_DOCUMENT },
        { 1: { kind: "reset", bytes: 3000 } },
      );
      const { code, stdout } = await runCli(["load", "tickets", "--json"], {
        env: { ...cliEnv(database), ...server.env },
      });
      expect(code).toBe(0);
      const [outcome] = jsonLines(stdout);
      const [run] = await database.sql<Record<string, number>>(
        `select commits, rollbacks, savepoints, retries, transaction_seconds, fetch_seconds, stage_seconds, classify_seconds,
           apply_seconds, load_duration_seconds, wal_bytes::int, peak_memory_bytes::float8, payload_bytes::int
         from ${database.table("etl_metadata")} order by run_id desc limit 1`,
      );
      const parts = ["fetch", "stage", "classify", "apply"].map((step) => run![`${step}_seconds`]!);
      for (const seconds of parts) expect(seconds).toBeGreaterThan(0);
      const sum = parts.reduce((total, seconds) => total + seconds, 0);
      expect(run!["transaction_seconds"]).toBeGreaterThanOrEqual(sum);
      expect(run!["load_duration_seconds"]).toBeLessThan(30);
      expect(run!["load_duration_seconds"]).toBeGreaterThan(run!["transaction_seconds"]! - 0.001);
      expect(run).toMatchObject({
        commits: 1,
        rollbacks: 0,
        retries: 1,
        payload_bytes: SECOND_DOCUMENT.length,
      });
      // Two attempts to fetch, and two to write.
      expect(run!["savepoints"]).toBeGreaterThanOrEqual(4);
      expect(run!["savepoints"]).toBeLessThan(10);
      expect(run!["wal_bytes"]).toBeGreaterThan(1000);
      expect(run!["peak_memory_bytes"]).toBeGreaterThan(30e6);
      expect(run!["peak_memory_bytes"]).toBeLessThan(1e9);
      expect(outcome).toMatchObject({ metrics: { retries: 1, savepoints: run!["savepoints"] } });
      const status = await callCli(["status"], { env: cliEnv(database) });
      expect(status.stdout).toMatch(/tickets .* - +\d+\.\d+ s \(usually/);
    });

    test.for(["stall-headers", "stall-body"] as const)("says that --timeout ended it: %s", async (kind) => {
      const database = await target.fresh();
      const before = await seed(database);
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, { 1: { kind, bytes: 5000 } });
      const { code, stderr } = await runCli(["load", "tickets", "--timeout", "1s"], {
        env: { ...cliEnv(database), ...server.env },
      });
      expect(code).toBe(1);
      expect(stderr).toContain("--timeout");
      const message = /The load took longer than 1 s/;
      await expectUntouched(database, before, { status: "failed", code: "timeout", message });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
