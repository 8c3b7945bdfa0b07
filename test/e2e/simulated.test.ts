import { cpSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { describeEachDatabase } from "../support/each-database.ts";
import { CANARY, expectPlain, jsonLines, runCli, startCli, temporaryFolder } from "../support/run-cli.ts";

describeEachDatabase(
  "the simulated OTC",
  (target) => {
    test("serves documents that load accepts", async () => {
      const database = await target.fresh();
      const credentials = { OTC_API_USERNAME: "etl", OTC_API_PASSWORD: CANARY };
      const simulator = await startCli(["simulate", "--port", "0", "--scale", "200", "--flaws", "1"], {
        env: credentials,
      });
      const announced = await simulator.output(/otc-etl load --migrate/);
      const exported = Object.fromEntries(
        [...announced.matchAll(/(OTC_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
      ) as Record<string, string>;
      const env = { ...database.env, ...exported, ...credentials };
      const loaded = await runCli(["load", "--migrate", "--json"], { env });
      expect(loaded.code).toBe(3);
      expect(jsonLines(loaded.stdout)).toMatchObject([
        { view: "tickets", fetched: 200, inserted: 199, errors: 1 },
        { view: "comments", errors: 1 },
        { view: "timesheets", errors: 1 },
      ]);
      const stranger = await runCli(["load", "tickets"], { env: { ...env, OTC_API_PASSWORD: "wrong" } });
      expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining("OTC_API_PASSWORD") });
      simulator.process.kill("SIGINT");
      expect((await simulator.result).code).toBe(130);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describe("the demo", () => {
  test("starts again where it ran before, and leaves a database that status can read", async () => {
    const cwd = await temporaryFolder();
    const earlier = join(cwd, "my data", "demo");
    // As an earlier demo leaves it, with a file that shows whether it was removed.
    cpSync(inject("embedded").migrated, earlier, { recursive: true });
    await writeFile(join(earlier, "remainder"), "");
    const demo = await runCli(["demo"], {
      cwd,
      env: { OTC_DATA_DIR: "my data", OTC_RETRIES: "of no use here" },
    });
    expect(demo).toMatchObject({ code: 0, stderr: "" });
    expectPlain(demo);
    expect(demo.stdout).toMatch(/tickets +partial/);
    expect(demo.stdout).toMatch(/^ {2}npx otc-etl status --data-dir 'my data\/demo' +the runs on record$/m);
    expect(await readdir(earlier)).toEqual(["lock.db", "pgdata"]);
    const status = await runCli(["status", "--json", "--data-dir", "my data/demo"], { cwd });
    expect(jsonLines(status.stdout)).toMatchObject([{ rows: expect.any(Number), rejects: 4 }, {}, {}]);
  });
});
