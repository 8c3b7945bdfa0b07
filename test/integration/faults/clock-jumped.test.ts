import { expect, test } from "vitest";
import { checkDatabase } from "../../../src/doctor/check-database.ts";
import { metricsText } from "../../../src/metrics/metrics-text.ts";
import { readHealth } from "../../../src/runs/health/read-status.ts";
import { statusProblems } from "../../../src/runs/health/status-problems.ts";
import { readCircuit } from "../../../src/throttle/read-circuit.ts";
import { throttleProblems } from "../../../src/throttle/throttle-problems.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { JobQueue } from "../../../src/worker/job-queue.ts";
import { jobSchema } from "../../../src/worker/job-schema.ts";
import { dueLoads } from "../../../src/worker/due-loads.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, load, loadViews } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";
import { startWebhookServer } from "../../support/webhook-server.ts";
import { sendDueAlerts } from "../../../src/loader/send-alerts.ts";

const LIMITS = { maxAgeSeconds: 26 * 3600, maxRollbackRate: 0.2 };

/** Runs, requests and alerts that were recorded while the clock of the database was 30 days ahead. */
async function jumpClock(database: DatabaseUnderTest): Promise<void> {
  for (const [table, columns] of [
    ["etl_metadata", ["load_start", "load_end", "last_load_time"]],
    ["etl_run_totals", ["last_load_time"]],
    ["etl_requests", ["requested_at", "answered_at"]],
    ["etl_circuit", ["opened_at", "probe_at"]],
    ["alert_state", ["told_at", "broken_since"]],
  ] as const) {
    const moved = columns.map((column) => `${column} = ${column} + interval '30 days'`).join(", ");
    await database.sql(`update ${database.table(table)} set ${moved}`);
  }
}

describeEachDatabase("a clock that was a month ahead", (target) => {
  test("holds up no load: neither by the pace, nor by the circuit, nor by the schedule", async () => {
    const database = await target.fresh();
    const otc = await startDocumentServer({ tickets: documentOf([ticket(1)]) });
    const loader = database.open({ ...otc.env, OTC_REQUEST_INTERVAL_MS: "1000", OTC_REQUESTS_PER_HOUR: "1" });
    const [first] = await loadViews(loader, [tickets]);
    expect(first).toMatchObject({ status: "success" });
    await database.sql(`update ${database.table("etl_circuit")} set failures_in_row = 9, opened_at = now()`);
    await jumpClock(database);
    const schedules = [{ view: tickets, cron: "0 2 * * *", timeZone: "UTC" }];
    expect(await dueLoads({ database: await loader.database(), schedules })).toHaveLength(1);
    const [second] = await loadViews(loader, [tickets]);
    expect(second).toMatchObject({ status: "success" });
    expect(await dueLoads({ database: await loader.database(), schedules })).toEqual([]);
  });

  test("is reported, and its times do not make data look fresh", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [ticket(1)]);
    await database.sql(
      `update ${database.table("etl_metadata")} set last_load_time = now() - interval '40 hours'`,
    );
    const future = await load(loader, tickets, [ticket(1)]);
    await database.sql(
      `update ${database.table("etl_metadata")} set load_start = now() + interval '30 days',
         last_load_time = now() + interval '30 days' where run_id = $1`,
      [future.runId],
    );
    await database.sql(
      `update ${database.table("etl_run_totals")} set last_load_time = now() + interval '30 days'`,
    );
    await database.sql(
      `insert into ${database.table("etl_requests")} values (gen_random_uuid(), 'x', now() + interval '30 days')`,
    );
    const opened = await loader.database();
    const healths = await readHealth(opened, [tickets], 5);
    expect(healths).toMatchObject([{ view: "tickets", futureLoad: { runId: future.runId } }]);
    expect(healths[0]?.ageSeconds).toBeGreaterThan(39 * 3600);
    expect(statusProblems(healths, LIMITS)).toMatchObject([
      { text: expect.stringContaining("tickets: was last loaded 40.0 h ago") },
      {
        text: expect.stringMatching(
          /^tickets: run 2 is recorded as committed at 20\d\d-.* That time is ignored\./,
        ),
      },
    ]);
    expect(throttleProblems(await readCircuit(opened))).toMatchObject([
      { text: expect.stringMatching(/^OTC: etl_requests has 1 request later than the clock/) },
    ]);
    const views = await viewCatalog();
    const checks = await checkDatabase(() => Promise.resolve(opened), views);
    expect(checks).toContainEqual(
      expect.objectContaining({
        name: "recorded times",
        state: "warning",
        finding: expect.stringMatching(/run 2 of tickets at .*; 1 request to OTC/) as string,
      }),
    );
    const { body } = await metricsText(opened, loader.settings);
    const age = Number(/otc_etl_age_seconds\{view="tickets"\} (.*)/.exec(body)?.[1]);
    expect(age).toBeGreaterThan(39 * 3600);
    const [freshness] = await opened
      .query<{ hours: number }>(
        `select extract(epoch from age)::float8 / 3600 as hours
         from ${database.table("v_data_freshness")} where view_name = 'tickets'`,
      )
      .then(({ rows }) => rows);
    expect(freshness?.hours).toBeCloseTo(40, 1);
    // The next load is newer than the one in the future.
    await load(loader, tickets, [ticket(1)]);
    expect(statusProblems(await readHealth(opened, [tickets], 5), LIMITS)).toEqual([]);
  });

  test("keeps neither an alert nor the job of a load from being taken up again", async () => {
    const database = await target.fresh();
    const chat = await startWebhookServer();
    const loader = database.open({ ...chat.env, OTC_ALERT_ON: "stale" });
    await load(loader, tickets, [ticket(1)]);
    await database.sql(
      `update ${database.table("etl_metadata")} set last_load_time = now() - interval '40 hours'`,
    );
    await sendDueAlerts(loader);
    expect(chat.texts).toHaveLength(1);
    await load(loader, tickets, [ticket(1)]);
    expect(chat.texts).toHaveLength(2);
    await database.sql(`update ${database.table("alert_state")} set told_at = told_at + interval '30 days'`);
    await database.sql(
      `update ${database.table("etl_metadata")} set last_load_time = now() - interval '40 hours'`,
    );
    await sendDueAlerts(loader);
    expect(chat.texts).toHaveLength(3);

    const queue = new JobQueue(await loader.database(), () => undefined);
    await queue.start([tickets]);
    try {
      const dueAt = new Date("2026-01-01T02:00:00Z");
      await queue.add(tickets, dueAt);
      const job = await queue.take(tickets, { ignoreBackOff: false });
      if (job === undefined) throw new Error("There was no job.");
      await queue.retryLater(job, { code: "source", reason: "a test" });
      const jobs = jobSchema(database.schema);
      await database.sql(`update ${jobs}.job set start_after = start_after + interval '30 days'`);
      await queue.supervise([tickets]);
      expect(await queue.take(tickets, { ignoreBackOff: false })).toMatchObject({ retryCount: 1 });
      // The worker that took it died while the clock was ahead.
      await database.sql(
        `update ${jobs}.job set heartbeat_on = heartbeat_on + interval '30 days', started_on = started_on + interval '30 days'`,
      );
      await queue.supervise([tickets]);
      expect(await queue.take(tickets, { ignoreBackOff: false })).toMatchObject({ retryCount: 2 });
    } finally {
      await queue.stop();
    }
  });
});
