import { describe, expect, inject, onTestFinished, test } from "vitest";
import { failureExitCode } from "../../../src/cli/failure-exit-code.ts";
import type { LoadOutcome } from "../../../src/runs/outcome.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { expectRolledBack, faultyDatabase, outcomeWithin } from "../../support/database-fault.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const DOCUMENT = documentOf(many(30, ticket));

/** OTC answers the first request with 503, and asks for a wait. */
function busyServer(seconds: number) {
  const headers = { "retry-after": String(seconds) };
  return startDocumentServer({ tickets: DOCUMENT }, { 1: { kind: "status", status: 503, headers } });
}

describe.each(inject("postgres"))("a wait that OTC asks for (PostgreSQL $major)", ({ url }) => {
  test("is not made when it is longer than OTC_MAX_PACE_WAIT_MS: the load ends with exit code 75", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const server = await busyServer(6 * 3600);
    const outcomes = await loadViews(database.open(server.env), [tickets]);
    expect(outcomes).toMatchObject([{ status: "failed", error: { code: "rate_limited" } }]);
    expect(failureExitCode(outcomes)).toBe(75);
    expect(outcomes[0]).toMatchObject({
      error: { message: expect.stringMatching(/status 503\. It asks not to be asked again before 20.*Z\./) },
    });
    expect(server.requests).toHaveLength(1);
    // It counts as a failed fetch, so that the circuit opens when OTC goes on like that.
    expect(await database.sql("select failures_in_row from servicedesk.etl_circuit")).toEqual([
      { failures_in_row: 1 },
    ]);
  });

  test("ends when the session of the load is lost", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const server = await busyServer(250);
    const loader = database.open(server.env);
    const outcome = loadViews(loader, [tickets]).then(([first]) => first as LoadOutcome);
    const waiting = `select pid from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`;
    await expect.poll(() => server.requests[0]?.endedAt, { timeout: 10_000 }).toBeDefined();
    await expect.poll(() => database.sql(waiting), { timeout: 10_000 }).toHaveLength(1);
    await database.sql(`select pg_terminate_backend(pid) from (${waiting}) load`);
    const failed = await outcomeWithin(outcome, 15_000);
    await expectRolledBack(database, failed, loader, {
      message: /terminating connection due to administrator command/,
    });
    expect(server.requests).toHaveLength(1);
  });
});
