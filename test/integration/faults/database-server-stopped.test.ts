import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import {
  backendRunning,
  expectRolledBack,
  faultyDatabase,
  holdInserts,
  INSERTS,
  moreTickets,
  ENDS_WITHIN_MS,
  outcomeWithin,
} from "../../support/database-fault.ts";
import { INTERRUPTED_WITHIN_MS } from "../../support/interrupted-load.ts";
import { attemptLoad, beginLoad, failingLoad } from "../../support/load-records.ts";
import { installedPostgres } from "../../support/postgres-binaries.ts";
import { type PostgresServer, startDurablePostgres } from "../../support/postgres-server.ts";

const STOPPED = { message: /57P01|57P02|The connection to .* failed/ };

describe.skipIf(installedPostgres(18) === undefined)("a server that is stopped", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startDurablePostgres(18);
  });
  afterAll(() => server.destroy());

  test.each(["fast", "immediate"] as const)(
    "%s in COPY, and comes back, has recorded the failure",
    async (mode) => {
      const database = await faultyDatabase(server.url, onTestFinished);
      const loader = database.open();
      const held = await beginLoad(loader, tickets, moreTickets(50));
      await backendRunning(database, "^copy");
      await server.stop(mode);
      // Long enough that recording the failure fails at first.
      await sleep(500);
      await server.start();
      await expectRolledBack(database, await outcomeWithin(held, ENDS_WITHIN_MS), loader, STOPPED);
    },
  );

  test.each(["fast", "immediate"] as const)(
    "%s while rows are written, and comes back, has recorded the failure",
    async (mode) => {
      const database = await faultyDatabase(server.url, onTestFinished);
      const loader = database.open();
      const inserts = await holdInserts(database);
      const outcome = attemptLoad(loader, tickets, moreTickets(50));
      await backendRunning(database, INSERTS);
      await server.stop(mode);
      await server.start();
      const failed = await outcomeWithin(outcome, ENDS_WITHIN_MS);
      await inserts.release();
      await expectRolledBack(database, failed, loader, STOPPED);
    },
  );

  test("and stays unreachable lets an interrupted load end within five seconds", async () => {
    const database = await faultyDatabase(server.url, onTestFinished);
    const loader = database.open();
    const interruption = new AbortController();
    const held = await beginLoad(loader, tickets, moreTickets(50), { signal: interruption.signal });
    await server.stop("fast");
    // The connection ends in this process a moment later; what comes first is the reason of the failure.
    await sleep(100);
    interruption.abort(new Error("interrupted by the test"));
    const outcome = await outcomeWithin(held, INTERRUPTED_WITHIN_MS).finally(() => server.start());
    await database.sql(
      "update servicedesk.etl_metadata set load_start = load_start - interval '1 minute' where run_id = $1",
      [outcome.runId],
    );
    await expectRolledBack(database, outcome, loader, { message: STOPPED.message, recorded: "running" });
  });

  test("before a load fails it at once, with the server's address", async () => {
    const database = await faultyDatabase(server.url, onTestFinished);
    const loader = database.open();
    await server.stop("fast");
    const refused = failingLoad(loader, tickets, moreTickets(1)).finally(() => server.start());
    await expect(refused).rejects.toMatchObject({
      code: "database",
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
      remedy: expect.stringContaining("Check that the server runs"),
    });
  });
});
