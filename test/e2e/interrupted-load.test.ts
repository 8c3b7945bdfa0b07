import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { expectUntouched, seed } from "../support/aftermath.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { INTERRUPTED_WITHIN_MS, loadStoppedIn, type Stage } from "../support/interrupted-load.ts";
import { startCollector } from "../support/otlp-collector.ts";
import { expectPlain, jsonLines, startCli } from "../support/run-cli.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const CASES: readonly (readonly [signal: NodeJS.Signals, code: number, stage: Stage])[] = [
  ["SIGINT", 130, "fetch"],
  ["SIGTERM", 143, "copy"],
  ["SIGINT", 130, "classify"],
  ["SIGTERM", 143, "apply"],
  ["SIGTERM", 143, "before commit"],
];

describeEachDatabase(
  "a load that is interrupted",
  (target) => {
    test.for(CASES)("by %s exits %i, in step %s, rolled back and recorded", async ([signal, code, stage]) => {
      const database = await target.fresh();
      const before = await seed(database);
      const { cli, release } = await loadStoppedIn(database, stage, {}, ["load", "all", "--json"]);
      const begun = performance.now();
      cli.process.kill(signal);
      const result = await cli.result;
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      expect(result.code).toBe(code);
      expectPlain(result);
      // The loads of the other views do not begin.
      expect(jsonLines(result.stdout)).toMatchObject([
        {
          view: "tickets",
          status: "failed",
          errorCode: "interrupted",
          error: expect.stringContaining(signal),
        },
      ]);
      await release();
      const message = new RegExp(`Interrupted by ${signal}`);
      await expectUntouched(database, before, { status: "failed", code: "interrupted", message });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "an interrupted load whose database and collector hang",
  (target) => {
    test("ends within five seconds, and the next load marks its run as abandoned", async () => {
      const database = await target.fresh();
      const before = await seed(database);
      const direct = new URL(database.env["OTC_DATABASE_URL"] ?? "");
      const proxy = await startTcpProxy({ host: direct.hostname, port: Number(direct.port) });
      onTestFinished(() => proxy.close());
      const through = new URL(direct);
      through.port = String(proxy.port);
      const collector = await startCollector(false);
      const { cli } = await loadStoppedIn(database, "copy", {
        ...collector.env,
        OTC_DATABASE_URL: through.href,
      });
      proxy.freeze();
      const begun = performance.now();
      cli.process.kill("SIGTERM");
      expect(await cli.result).toMatchObject({ code: 143 });
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      proxy.tellServers();
      await database.sql(
        `update ${database.table("etl_metadata")} set load_start = load_start - interval '1 minute' where load_status = 'running'`,
      );
      await expectUntouched(database, before, { status: "running" });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

test("a command whose database says nothing ends within five seconds of a signal, and says so", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => {
    silent.close();
  });
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const cli = await startCli(["status", "--json"], {
    env: { OTC_DATABASE_URL: `postgres://etl@127.0.0.1:${port}/servicedesk` },
  });
  await once(silent, "connection");
  const begun = performance.now();
  cli.process.kill("SIGINT");
  const { code, stdout, stderr } = await cli.result;
  expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
  expect(code).toBe(130);
  expect(stderr).toContain("Interrupted by SIGINT; something did not respond");
  expect(jsonLines(stdout)).toMatchObject([{ code: "interrupted" }]);
});

describeEachDatabase(
  "a second signal",
  (target) => {
    test("ends a load that does not end by itself at once", async () => {
      const database = await target.fresh();
      const before = await seed(database);
      const { cli, release } = await loadStoppedIn(database, "apply");
      cli.process.kill("SIGINT");
      cli.process.kill("SIGTERM");
      const begun = performance.now();
      const { code } = await cli.result;
      expect([130, 143]).toContain(code);
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      await release();
      await expectUntouched(database, before, { status: "running" });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
