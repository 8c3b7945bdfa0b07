import { randomBytes } from "node:crypto";
import { chmod, cp, readdir, stat, statfs, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import { expectUntouched, FAST, seed, SECOND_DOCUMENT } from "../support/aftermath.ts";
import { startDocumentServer } from "../support/document-server.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { INTERRUPTED_WITHIN_MS, kill, loadStoppedIn } from "../support/interrupted-load.ts";
import { documentOf, loadViews } from "../support/load-records.ts";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { many, ticket } from "../support/sample-records.ts";
import { mountSmallDisk } from "../support/small-disk.ts";

/** Enough to open the database, and too little for what a load stages. */
const FREE_BYTES = 3_000_000;

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describeEachDatabase(
  "the embedded database",
  (target) => {
    test("belongs to one process, can be opened after that was killed, and contains nothing of its load", async () => {
      const database = await target.fresh();
      const folder = database.env["OTC_DATA_DIR"] ?? "";
      // Somebody made it, for everybody to read, with a file that no process wrote.
      await chmod(folder, 0o755);
      await writeFile(join(folder, "lock"), "");
      const before = await seed(database);
      const { cli } = await loadStoppedIn(database, "copy");
      expect(await modeOf(join(folder, "lock"))).toBe("600");
      expect(await modeOf(join(folder, "pgdata"))).toBe("700");
      const second = await runCli(["load", "tickets", "--from", "-"], {
        env: { ...FAST, ...database.env },
        input: SECOND_DOCUMENT,
      });
      expect(second.code).toBe(75);
      expect(second.stderr).toContain(`is in use by process ${cli.process.pid!} on ${hostname()} since 20`);
      // The refusal has not waited for the other one to end.
      expect(cli.process.exitCode).toBeNull();

      await kill(cli);
      await expectUntouched(database, before, { status: "running" });
      expect(await readdir(folder)).toEqual(["lock.db", "pgdata"]);
    });

    test("fails a load that fills the disk, and works when there is space", async ({ skip }) => {
      const disk = mountSmallDisk("200m", undefined, "a load that fills the disk");
      if (disk === undefined) {
        skip("this account may not mount a file system");
        return;
      }
      onTestFinished(disk.unmount);
      const database = await target.fresh();
      await seed(database);
      const folder = join(disk.folder, "data");
      await cp(database.env["OTC_DATA_DIR"] ?? "", folder, { recursive: true });
      const { blocks, bavail, bsize } = await statfs(folder);
      disk.resize(String((blocks - bavail) * bsize + FREE_BYTES));

      const env = { ...FAST, OTC_DATA_DIR: folder };
      const text = () => randomBytes(1500).toString("base64");
      const large = many(2 * (FREE_BYTES / 1500), (number) =>
        ticket(100 + number, { "TKT-Description": text() }),
      );
      const { code, stderr } = await runCli(["load", "tickets", "--from", "-"], {
        env,
        input: documentOf(large),
      });
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/rolled back: .*(No space left on device|Check free disk space)/);
      expect(stderr).toContain(`in the embedded database in ${folder}`);

      disk.resize("200m");
      const next = await runCli(["load", "tickets", "--from", "-", "--json"], {
        env,
        input: SECOND_DOCUMENT,
      });
      expect(jsonLines(next.stdout), next.stderr).toMatchObject([
        { status: "success", fetched: 60, inserted: 40, updated: 1, unchanged: 19 },
      ]);
    });

    test("rolls an interrupted load back, records it, and stays intact", async () => {
      const database = await target.fresh();
      const before = await seed(database);
      const { cli } = await loadStoppedIn(database, "copy");
      const begun = performance.now();
      cli.process.kill("SIGTERM");
      expect((await cli.result).code).toBe(143);
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      const message = /Interrupted by SIGTERM/;
      await expectUntouched(database, before, { status: "failed", code: "interrupted", message });
    });

    test("records requests and failures of loads that were rolled back, and keeps the pace within one", async () => {
      const database = await target.fresh();
      const fault = { kind: "status", status: 500, headers: { "retry-after": "0" } } as const;
      const server = await startDocumentServer(
        { tickets: SECOND_DOCUMENT },
        { 1: fault, 2: fault, 3: fault },
      );
      const load = async (env: Environment) => {
        const loader = database.open({ ...server.env, OTC_BREAKER_FAILURES: "2", OTC_RETRIES: "0", ...env });
        const [outcome] = await loadViews(loader, [tickets]);
        await loader.close();
        return outcome;
      };
      const retried = await load({ OTC_RETRIES: "1", OTC_REQUEST_INTERVAL_MS: "900" });
      expect(retried).toMatchObject({ status: "failed", error: { code: "source" } });
      expect(server.requests).toHaveLength(2);
      expect(server.requests[1]!.at - server.requests[0]!.endedAt!).toBeGreaterThan(850);

      expect(await load({ OTC_REQUESTS_PER_HOUR: "2" })).toMatchObject({
        error: { message: expect.stringContaining("The next request to OTC is not allowed before") },
      });
      expect(await load({})).toMatchObject({ status: "failed", error: { code: "source" } });
      expect(server.requests).toHaveLength(3);
      expect(await load({})).toMatchObject({
        error: { message: expect.stringContaining("2 fetches in a row failed") },
      });
      expect(server.requests).toHaveLength(3);
      const recorded = await database.sql(
        `select failures_in_row, opened_at is not null as open, (select count(*)::int from ${database.table("etl_requests")}) as requests
         from ${database.table("etl_circuit")}`,
      );
      expect(recorded).toEqual([{ failures_in_row: 2, open: true, requests: 3 }]);
    });
  },
  ({ name }) => name === "embedded",
);
