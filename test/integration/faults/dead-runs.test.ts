import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { metricsText } from "../../../src/metrics/metrics-text.ts";
import { readRun, readRuns } from "../../../src/runs/queries/read-runs.ts";
import { readHealth } from "../../../src/runs/health/read-status.ts";
import { statusProblems } from "../../../src/runs/health/status-problems.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { beginLoad, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const LIMITS = { maxAgeSeconds: 3600, maxRollbackRate: 1 };

/** A load whose process was killed an hour ago. */
async function addDeadRun(database: DatabaseUnderTest): Promise<number> {
  const { pid } = spawnSync(process.execPath, ["--eval", ""]);
  const [run] = await database.sql<{ id: number }>(
    `insert into ${database.table("etl_metadata")}
       (view_name, load_status, source, host, pid, otc_etl_version, load_start)
     values ('tickets', 'running', 'a test', $1, $2, '0.0.0', now() - interval '1 hour') returning run_id as id`,
    [hostname(), pid],
  );
  if (run === undefined) throw new Error("The run was not inserted.");
  return run.id;
}

describeEachDatabase("a load whose process is dead", (target) => {
  test("is seen as abandoned by everything that reads runs, before another load has marked it", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [ticket(1)]);
    const runId = await addDeadRun(database);
    const opened = await loader.database();
    const [health] = await readHealth(opened, [tickets], 5);
    // Two loads are too few for a rate.
    expect(health).toMatchObject({ failuresInRow: 1, rollbackRate: null, lastLoad: { status: "abandoned" } });
    expect(health?.runs[0]).toMatchObject({ runId, status: "abandoned", rollbacks: 1 });
    expect(statusProblems(health === undefined ? [] : [health], LIMITS)).toMatchObject([
      {
        view: "tickets",
        text: expect.stringMatching(/^tickets: the last run \(2\) was abandoned: The process ended/),
        runId,
        remedy: expect.stringMatching(/^Load the view again: /),
      },
    ]);
    expect(await readRuns(opened, {}, 10)).toMatchObject([{ status: "abandoned" }, { status: "success" }]);
    expect(await readRun(opened, runId)).toMatchObject({ status: "abandoned", errorCode: "internal" });
    const { body } = await metricsText(opened, loader.settings);
    expect(body).toContain('otc_etl_last_load_status{view="tickets",status="abandoned"} 1');
    expect(body).toContain('otc_etl_failures_in_row{view="tickets"} 1');
    expect(body).toContain('otc_etl_load_running{view="tickets"} 0');
    // Reading has changed nothing.
    const statuses = await opened.query(
      `select load_status as status from ${database.table("etl_metadata")} where run_id = $1`,
      [runId],
    );
    expect(statuses.rows).toEqual([{ status: "running" }]);
  });
});

describeEachDatabase(
  "a load that is running",
  (target) => {
    test("is not taken for dead, however long ago it began", async () => {
      const database = await target.fresh();
      const held = await beginLoad(database.open(), tickets, many(5, ticket));
      await database.sql(
        `update ${database.table("etl_metadata")} set load_start = now() - interval '1 hour'`,
      );
      const [health] = await readHealth(await database.open().database(), [tickets], 5);
      expect(health?.runs).toMatchObject([{ status: "running" }]);
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "success" });
    });
  },
  ({ engine }) => engine === "postgres",
);
