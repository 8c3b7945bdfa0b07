import { expect, onTestFinished, test } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { jobSchema } from "../../src/worker/job-schema.ts";
import { callCli } from "../support/call-cli.ts";
import { FAST, SECOND_DOCUMENT } from "../support/aftermath.ts";
import { type DocumentServer, startDocumentServer } from "../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../support/each-database.ts";
import { kill, loadStoppedIn } from "../support/interrupted-load.ts";
import { documentOf } from "../support/load-records.ts";
import { installedPostgres } from "../support/postgres-binaries.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { CANARY, jsonLines, type RunningCli, runCli, startCli } from "../support/run-cli.ts";
import { comment, timesheet } from "../support/sample-records.ts";
import { startWebhookServer } from "../support/webhook-server.ts";

const DOCUMENTS = {
  tickets: SECOND_DOCUMENT,
  comments: documentOf([comment(1)]),
  timesheets: documentOf([timesheet("ann")]),
};

function envOf(database: DatabaseUnderTest, server: Pick<DocumentServer, "env">): Environment {
  return { ...FAST, ...database.env, ...server.env };
}

/** The runs of all views, the oldest first. */
function runsOf(database: DatabaseUnderTest) {
  return database.sql<{ view: string; status: string }>(
    `select view_name as "view", load_status as "status" from ${database.table("etl_metadata")} order by run_id`,
  );
}

/** The loads on record are a day older: all views are due again. */
async function aDayLater(database: DatabaseUnderTest): Promise<void> {
  await database.sql(
    `update ${database.table("etl_metadata")} set load_start = load_start - interval '1 day'`,
  );
}

/** The worker was last heard of a minute ago. */
async function silentWorker(database: DatabaseUnderTest): Promise<void> {
  await database.sql(
    `update ${jobSchema(database.schema)}.job set heartbeat_on = heartbeat_on - interval '1 minute'`,
  );
}

async function stop({ process: child, result }: RunningCli) {
  child.kill("SIGTERM");
  return result;
}

/** The record of a request to OTC that is older than such records are kept. */
async function addOldRequest(database: DatabaseUnderTest): Promise<void> {
  await database.sql(
    `insert into ${database.table("etl_requests")} (request_id, view_id, requested_at)
     values (gen_random_uuid(), 'old', now() - interval '8 days')`,
  );
}

describeEachDatabase(
  "worker --once",
  (target) => {
    test("loads what is due, also views that were never loaded, deletes old records, and then finds nothing to load", async () => {
      const database = await target.fresh();
      const env = envOf(database, await startDocumentServer(DOCUMENTS));
      await addOldRequest(database);
      const first = await runCli(["worker", "tickets", "comments", "--once", "--json"], { env });
      expect(first).toMatchObject({ code: 0 });
      expect(jsonLines(first.stdout)).toMatchObject([
        { view: "tickets", status: "success", inserted: 60 },
        { view: "comments", status: "success", inserted: 1 },
      ]);
      const second = await callCli(["worker", "tickets", "comments", "--once"], { env });
      expect(second).toMatchObject({ code: 0, stdout: "Nothing to load.\n" });
      const requests = await database.sql(
        `select view_id from ${database.table("etl_requests")} order by request_id`,
      );
      expect(requests.map(({ view_id: view }) => view).sort()).toEqual(["comments", "tickets"]);
    });
  },
  // What follows runs there.
  ({ name }) => name !== "PostgreSQL 18",
);

describeEachDatabase(
  "otc-etl prune",
  (target) => {
    test("deletes old records, and says how many", async () => {
      const database = await target.fresh();
      const { env } = database;
      await addOldRequest(database);
      expect(await callCli(["prune"], { env })).toMatchObject({
        code: 0,
        stdout: "Deleted: 0 runs, 0 rejected records, 1 request.\n",
      });
      expect(jsonLines((await callCli(["prune", "--json"], { env })).stdout)).toEqual([
        { runs: 0, rejects: 0, requests: 0 },
      ]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "workers",
  (target) => {
    test("together load each view once, at their start and at its scheduled time, and stop on a signal", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(DOCUMENTS);
      const env = envOf(database, server);
      const workers = [await startCli(["worker"], { env }), await startCli(["worker"], { env })];
      const loaded = (count: number) =>
        expect
          .poll(async () => (await runsOf(database)).filter(({ status }) => status === "success").length)
          .toBe(count);
      await loaded(3);
      // Both have seen that nothing is left to do.
      await aDayLater(database);
      await loaded(6);
      for (const worker of workers) {
        const { code, stdout, stderr } = await stop(worker);
        expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
        expect(stderr).toMatch(
          /scheduled .*"view":"timesheets","schedule":"0 2 \* \* \*","timeZone":"UTC","next":"/,
        );
        expect(stderr).toContain("stopped");
      }
      expect(await runsOf(database)).toHaveLength(6);
      expect(server.requests).toHaveLength(6);
    });

    test("create their queues again when the schema of the jobs was dropped while they waited", async () => {
      const database = await target.fresh();
      const env = envOf(database, await startDocumentServer(DOCUMENTS));
      const worker = await startCli(["worker", "comments"], { env });
      await worker.output(/waiting for the next scheduled time/);
      await database.sql(`drop schema ${jobSchema(database.schema)} cascade`);
      await aDayLater(database);
      await worker.output(/the queues were missing.*have been created again/);
      await expect
        .poll(async () => (await runsOf(database)).map(({ status }) => status))
        .toEqual(["success", "success"]);
      expect(await stop(worker)).toMatchObject({ code: 0 });
    });

    test("report stale data even if no load is due", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const env = { ...envOf(database, await startDocumentServer(DOCUMENTS)), ...chat.env };
      expect(await callCli(["load", "tickets"], { env })).toMatchObject({ code: 0 });
      await database.sql(
        `update ${database.table("etl_metadata")} set last_load_time = last_load_time - interval '2 days'`,
      );
      const worker = await startCli(["worker", "tickets"], { env });
      await expect.poll(() => chat.texts).toEqual([expect.stringContaining("tickets (stale)")]);
      await stop(worker);
    });

    test("take over the job of a killed one", async () => {
      const database = await target.fresh();
      const { cli } = await loadStoppedIn(database, "fetch", {}, ["worker", "tickets"]);
      const env = envOf(database, await startDocumentServer(DOCUMENTS));
      const args = ["worker", "tickets", "--once", "--wait", "20s"];
      const early = await callCli(args, { env });
      expect(early).toMatchObject({
        code: 75,
        stderr: expect.stringContaining("Another worker is loading tickets."),
      });
      await kill(cli);
      await silentWorker(database);
      expect(await callCli(args, { env })).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/a load is due .*"attempt":2/),
      });
      expect((await runsOf(database)).map(({ status }) => status)).toEqual(["abandoned", "success"]);
    });

    test("that are stopped wait a while for a load to end, and then return its job to the queue", async () => {
      const database = await target.fresh();
      const stalled = await loadStoppedIn(database, "classify", {}, ["worker", "tickets"]);
      stalled.cli.process.kill("SIGTERM");
      await stalled.release();
      expect(await stalled.cli.result).toMatchObject({ code: 0 });

      await aDayLater(database);
      const { cli } = await loadStoppedIn(database, "fetch", {}, [
        "worker",
        "tickets",
        "--stop-grace",
        "300ms",
      ]);
      const stopped = await stop(cli);
      expect(stopped).toMatchObject({ code: 143, stderr: expect.stringContaining("returned to the queue") });

      const env = envOf(database, await startDocumentServer(DOCUMENTS));
      const next = await startCli(["worker", "tickets"], { env });
      await next.output(/a load is due .*"attempt":2[^]*loaded; waiting for the next scheduled time/);
      await stop(next);
      expect((await runsOf(database)).map(({ status }) => status)).toEqual(["success", "failed", "success"]);
    });

    test("retry transient errors, and move other jobs to the dead letters", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(DOCUMENTS, {
        1: { kind: "status", status: 503 },
        2: { kind: "status", status: 404 },
      });
      const env = { ...envOf(database, server), OTC_RETRIES: "0" };
      const args = ["worker", "tickets", "--once"];
      expect(await runCli(args, { env })).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/failed and will be retried: OTC answered .* 503.*"again":"/),
      });
      const waiting = await callCli(["worker", "--list"], { env });
      expect(waiting.stdout).toMatch(/^tickets .* never .* attempt 2 after 20/m);
      expect(waiting.stdout).toMatch(/^comments .* not queued by a worker yet/m);

      expect(await callCli(args, { env })).toMatchObject({ code: 1 });
      expect(await callCli(args, { env })).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("given up until the next scheduled time"),
      });
      const { stdout } = await callCli(["worker", "tickets", "--list"], { env });
      expect(stdout).toMatch(
        /^tickets .* given up .*\n\nGiven up:\ntickets, due at .* after 2 attempts: OTC answered .* 404/m,
      );

      // By hand, when it is mended.
      expect(await callCli(["load", "tickets"], { env })).toMatchObject({ code: 0 });
      const [status] = jsonLines((await callCli(["worker", "tickets", "--list", "--json"], { env })).stdout);
      expect(status).toMatchObject({
        view: "tickets",
        dueAt: null,
        job: null,
        deadLetters: [{ attempts: 2 }],
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "worker --serve",
  (target) => {
    test("loads and serves the status page, which needs the token, and one signal ends both", async () => {
      const database = await target.fresh();
      const documents = await startDocumentServer(DOCUMENTS);
      const env = { ...envOf(database, documents), OTC_WEB_TOKEN: CANARY.repeat(2) };
      const worker = await startCli(["worker", "--serve", "--port", "0"], { env });
      const [, url = ""] = /page on (http:\S+)\//.exec(await worker.output(/Ctrl-C ends it/)) ?? [];
      expect((await fetch(`${url}/`)).status).toBe(401);
      const page = async (): Promise<string> => {
        const answer = await fetch(`${url}/runs`, {
          headers: { authorization: `Bearer ${CANARY.repeat(2)}` },
        });
        return `${answer.status} ${await answer.text()}`;
      };
      await expect.poll(page).toMatch(/^200 [^]*tickets[^]*success/);
      await worker.output(/(?:INFO: committed[^]*){3}/);
      const { code, stdout, stderr } = await stop(worker);
      expect({ code, runs: await runsOf(database) }).toEqual({
        code: 0,
        runs: ["tickets", "comments", "timesheets"].map((view) => ({ view, status: "success" })),
      });
      expect(stdout + stderr).not.toContain(CANARY);
      await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    });
  },
  ({ name }) => name === "embedded" || name === "PostgreSQL 18",
);

test("worker --serve excludes --once and --list", async () => {
  const env = { OTC_DATABASE_URL: "postgres://127.0.0.1:1/nothing" };
  for (const other of ["--once", "--list"]) {
    const { code, stderr } = await callCli(["worker", "--serve", other], { env });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("cannot be used with") });
  }
});

test.skipIf(installedPostgres(18) === undefined)(
  "a worker waits for a server that becomes unreachable",
  async () => {
    const server = await startPostgres(18);
    onTestFinished(() => server.destroy());
    const documents = await startDocumentServer(DOCUMENTS);
    const env = { ...FAST, ...documents.env, OTC_DATABASE_URL: server.url };
    const worker = await startCli(["worker", "tickets", "--migrate"], { env });
    await worker.output(/loaded; waiting for the next scheduled time/);
    await server.stop();
    await worker.output(/waiting for the database/);
    await server.start();
    await worker.output(/the database is available again/);
    expect(await stop(worker)).toMatchObject({ code: 0 });
  },
);
