import { expect, test } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { callCli } from "../support/call-cli.ts";
import { FAST, SECOND_DOCUMENT } from "../support/aftermath.ts";
import { type DocumentServer, type Fault, startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { type CliResult, jsonLines, runCli } from "../support/run-cli.ts";

const OUT_OF_ORDER: Fault = { kind: "status", status: 500 };
const BREAKER: Environment = {
  OTC_RETRIES: "0",
  OTC_BREAKER_FAILURES: "3",
  OTC_BREAKER_COOLDOWN_MS: "600000",
};

/** Each call is a process of its own, as cron starts them. */
function loadTickets(
  database: DatabaseUnderTest,
  server: DocumentServer,
  env: Environment = {},
  args: readonly string[] = [],
): Promise<CliResult> {
  return runCli(["load", "tickets", "--json", ...args], {
    env: { ...FAST, ...database.env, ...server.env, ...env },
  });
}

function errorOf({ stdout }: CliResult): string {
  return String(jsonLines(stdout)[0]?.["error"]);
}

/** The time to come back that a message names, in milliseconds from now. */
function comeBackIn(message: string): number {
  return Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(message)?.[0] ?? "") - Date.now();
}

/** The n-th request and those after it fail. */
const faultsFrom = (first: number, last = 20): Record<number, Fault> =>
  Object.fromEntries(Array.from({ length: last - first + 1 }, (_, index) => [first + index, OUT_OF_ORDER]));

describeEachDatabase(
  "requests of one process after the other",
  (target) => {
    test("are counted together: one too many per hour is not sent, and the error names the time of the next", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, { 2: OUT_OF_ORDER });
      const env = { OTC_REQUESTS_PER_HOUR: "2", OTC_RETRIES: "0", OTC_MAX_PACE_WAIT_MS: "1000" };
      expect((await loadTickets(database, server, env)).code).toBe(0);
      // A request counts also when its load is rolled back.
      expect((await loadTickets(database, server, env)).code).toBe(1);
      const third = await loadTickets(database, server, env);
      expect(third.code).toBe(75);
      expect(errorOf(third)).toContain("The next request to OTC is not allowed before");
      expect(comeBackIn(errorOf(third)) / 60_000).toBeCloseTo(60, 0);
      expect(server.requests).toHaveLength(2);
    });

    test("keep the pause after the end of the response, even if that was a failure", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, { 1: OUT_OF_ORDER });
      // Longer than a busy machine takes to start the second process.
      const env = { OTC_REQUEST_INTERVAL_MS: "6000", OTC_RETRIES: "0" };
      expect((await loadTickets(database, server, env)).code).toBe(1);
      const second = await loadTickets(database, server, env);
      expect(second.code).toBe(0);
      expect(second.stderr).toContain("waiting until the next request to OTC is allowed");
      const [first, after] = server.requests;
      expect(after!.at - first!.endedAt!).toBeGreaterThan(5900);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "a circuit",
  (target) => {
    test("opens for every process after three failed fetches in a row, and can be ignored", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, faultsFrom(1, 3));
      for (let failure = 1; failure <= 3; failure += 1) {
        expect((await loadTickets(database, server, BREAKER)).code).toBe(1);
      }
      const fourth = await loadTickets(database, server, BREAKER);
      expect(fourth.code).toBe(75);
      expect(errorOf(fourth)).toContain("3 fetches in a row failed");
      expect(errorOf(fourth)).toMatch(
        /The last failure on record is that of tickets \(run 3, 20.*Z\): OTC answered http.* with status 500\.$/,
      );
      expect(comeBackIn(errorOf(fourth)) / 60_000).toBeCloseTo(10, 0);
      expect(fourth.stderr).toContain("--ignore-circuit");
      expect(server.requests).toHaveLength(3);

      const status = await callCli(["status"], { env: database.env });
      expect(status.stdout).toMatch(
        /Requests to OTC in the last hour: 3; .*The circuit has been OPEN since .* after 3 failed/,
      );
      const file = await runCli(["load", "tickets", "--from", "-"], {
        env: database.env,
        input: SECOND_DOCUMENT,
      });
      expect(file.code).toBe(0);

      expect((await loadTickets(database, server, BREAKER, ["--ignore-circuit"])).code).toBe(0);
      // A success closes it for all.
      expect((await loadTickets(database, server, BREAKER)).code).toBe(0);
      const closed = await callCli(["status"], { env: database.env });
      expect(closed.stdout).toMatch(/Requests to OTC in the last hour: 5; the last one at [^.]*\.$/m);
    });

    test("lets one of several processes try after the cool-down, and opens again if that fails", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(
        { tickets: SECOND_DOCUMENT },
        // The probe takes its time, so that the others come while it is under way.
        { 1: OUT_OF_ORDER, 2: OUT_OF_ORDER, 3: OUT_OF_ORDER, 4: { kind: "stall-headers" } },
      );
      for (let failure = 1; failure <= 3; failure += 1) await loadTickets(database, server, BREAKER);
      const cooled = { ...BREAKER, OTC_BREAKER_COOLDOWN_MS: "60000", OTC_TIMEOUT_MS: "1500" };
      const coolDown = () =>
        database.sql(`update ${database.table("etl_circuit")} set opened_at = now() - interval '61 seconds'`);
      await coolDown();

      const env = { ...FAST, ...database.env, ...server.env, ...cooled };
      const several = await Promise.all(
        ["tickets", "comments", "timesheets"].map((view) => runCli(["load", view, "--json"], { env })),
      );
      expect(several.map(({ code }) => code).sort()).toEqual([1, 75, 75]);
      expect(server.requests).toHaveLength(4);
      for (const turnedAway of several.filter(({ code }) => code === 75)) {
        expect(errorOf(turnedAway)).toContain("The circuit is open until");
        expect(comeBackIn(errorOf(turnedAway))).toBeGreaterThan(30_000);
      }
      expect((await loadTickets(database, server, cooled)).code).toBe(75);
      expect(server.requests).toHaveLength(4);

      await coolDown();
      expect((await loadTickets(database, server, cooled)).code).toBe(0);
      expect(server.requests).toHaveLength(5);
      const circuit = await database.sql(
        `select failures_in_row, opened_at, probe_at from ${database.table("etl_circuit")}`,
      );
      expect(circuit).toEqual([{ failures_in_row: 0, opened_at: null, probe_at: null }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
