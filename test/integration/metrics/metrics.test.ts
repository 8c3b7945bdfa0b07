import { expect, test } from "vitest";
import type { Queryable } from "../../../src/database/database.ts";
import { metricsText } from "../../../src/metrics/metrics-text.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { expositionOf, samplesOf } from "../../support/exposition.ts";
import { beginLoad, failingLoad, load } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

const VIEWS = ["tickets", "comments", "timesheets"];

/** Enough to tell reading all of them from reading the last. */
const RUNS = 3000;

async function recordRuns(database: DatabaseUnderTest, count: number): Promise<void> {
  await database.sql(
    `insert into ${database.table("etl_metadata")}
       (view_name, load_status, load_duration_seconds, last_load_time, commits, source, host, pid, otc_etl_version)
     select (array['tickets', 'comments', 'timesheets'])[1 + n % 3], 'success', 1, now(), 1, 'x', 'x', 1, 'x'
     from generate_series(1, $1::int) as n`,
    [count],
  );
}

/** Rows that this session has read so far, by table. */
async function rowsRead(database: Queryable, schema: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = await database.query<{ table: string; rows: number }>(
    `select relname as "table", (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as "rows"
     from pg_stat_xact_user_tables where schemaname = $1`,
    [schema],
  );
  return Object.fromEntries(rows.map(({ table, rows }) => [table, rows]));
}

describeEachDatabase(
  "the metrics",
  (target) => {
    test("include every view before its first load, and its runs afterwards", async () => {
      const database = await target.fresh();
      const loader = database.open({ OTC_MAX_AGE: "30h", OTC_MAX_ROLLBACK_RATE: "10%" });
      const none = samplesOf(await expositionOf(loader));
      for (const view of VIEWS) {
        expect(none).toMatchObject({
          [`otc_etl_last_success_timestamp_seconds{view="${view}"}`]: 0,
          [`otc_etl_age_seconds{view="${view}"}`]: Number.POSITIVE_INFINITY,
          [`otc_etl_max_age_seconds{view="${view}"}`]: 30 * 3600,
          [`otc_etl_max_rollback_ratio{view="${view}"}`]: 0.1,
          [`otc_etl_rollback_ratio{view="${view}"}`]: Number.NaN,
          [`otc_etl_rows_total{view="${view}",kind="load",outcome="inserted"}`]: 0,
          [`otc_etl_runs_total{view="${view}",kind="replay",status="failed"}`]: 0,
          [`otc_etl_last_load_status{view="${view}",status="success"}`]: 0,
          [`otc_etl_quarantine_records{view="${view}"}`]: 0,
          [`otc_etl_load_running{view="${view}"}`]: 0,
        });
      }

      await load(loader, tickets, [...many(3, ticket), ticket(3), ticket("?")]);
      const first = await expositionOf(loader);
      await load(loader, tickets, [ticket(1, { "TKT-Status": "Closed" }), ticket(2), ticket(4)]);
      await failingLoad(loader, tickets, "<html>");
      await failingLoad(loader, tickets, "[");
      await database.sql(
        `insert into ${database.table("etl_metadata")}
           (view_name, kind, load_status, error_code, records_fetched, records_inserted, source, host, pid, otc_etl_version)
         values ('tickets', 'import', 'success', null, 7, 7, 'x', 'x', 1, 'x'),
           ('tickets', 'load', 'failed', 'circuit_open', 0, 0, 'x', 'x', 1, 'x')`,
      );
      const then = samplesOf(await expositionOf(loader));
      const runs = (kind: string, status: string) =>
        `otc_etl_runs_total{view="tickets",kind="${kind}",status="${status}"}`;
      const rows = (outcome: string) => `otc_etl_rows_total{view="tickets",kind="load",outcome="${outcome}"}`;
      expect(then).toMatchObject({
        [runs("load", "success")]: 1,
        [runs("load", "partial")]: 1,
        [runs("load", "failed")]: 2,
        [runs("load", "skipped")]: 1,
        [runs("import", "success")]: 1,
        [rows("inserted")]: 4,
        [rows("updated")]: 1,
        [rows("unchanged")]: 1,
        [rows("duplicate")]: 1,
        [rows("rejected")]: 1,
        'otc_etl_rows_total{view="tickets",kind="import",outcome="inserted"}': 7,
        'otc_etl_commits_total{view="tickets",kind="load"}': 2,
        'otc_etl_rollbacks_total{view="tickets",kind="load"}': 2,
        'otc_etl_last_load_status{view="tickets",status="failed"}': 1,
        'otc_etl_last_load_status{view="tickets",status="success"}': 0,
        'otc_etl_failures_in_row{view="tickets"}': 2,
        'otc_etl_rollback_ratio{view="tickets"}': Number.NaN,
        'otc_etl_last_load_rows{view="tickets",outcome="updated"}': 1,
        'otc_etl_quarantine_records{view="tickets"}': 1,
        'otc_etl_quarantine_growth_records{view="tickets"}': 0,
      });
      expect(then['otc_etl_age_seconds{view="tickets"}']).toBeLessThan(60);
      expect(then['otc_etl_last_success_timestamp_seconds{view="tickets"}']).toBeCloseTo(
        Date.now() / 1000,
        -2,
      );
      expect(then['otc_etl_step_seconds_total{view="tickets",kind="load",step="apply"}']).toBeGreaterThan(0);
      const counters = Object.entries(samplesOf(first)).filter(([series]) => series.includes("_total{"));
      expect(counters.length).toBeGreaterThan(100);
      for (const [series, value] of counters) expect(then[series], series).toBeGreaterThanOrEqual(value);

      // A run that was given up for dead ends after all, and then old runs are deleted.
      const table = database.table("etl_metadata");
      await database.sql(
        `insert into ${table} (view_name, load_status, source, host, pid, otc_etl_version)
         values ('comments', 'running', 'x', 'x', 1, 'x')`,
      );
      for (const status of ["abandoned", "failed"]) {
        await database.sql(`update ${table} set load_status = $1 where view_name = 'comments'`, [status]);
      }
      await database.sql(`delete from ${table} where view_name = 'comments'`);
      expect(samplesOf(await expositionOf(loader))).toMatchObject({
        'otc_etl_runs_total{view="comments",kind="load",status="abandoned"}': 1,
        'otc_etl_runs_total{view="comments",kind="load",status="failed"}': 1,
        'otc_etl_failures_in_row{view="comments"}': 0,
      });
    });
  },
  ({ name }) => name !== "PostgreSQL 18",
);

describeEachDatabase(
  "a scrape",
  (target) => {
    test("reads only a few of many runs, and does not wait for a running load", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await recordRuns(database, RUNS);
      await database.sql(`vacuum analyze ${database.table("etl_metadata")}`);
      await load(loader, comments, [comment(1)]);
      await database.sql(`analyze ${database.table("comments")}`);
      const held = await beginLoad(database.open(), tickets, many(3, ticket));
      await failingLoad(loader, tickets, [ticket(9)]);

      const opened = await loader.database();
      const blocking = await database.open().database();
      const { body, before, after } = await blocking.transaction(async (blocker) => {
        // As the first load of a view does.
        await blocker.query(`lock table ${database.table("comments")} in access exclusive mode`);
        return opened.transaction(async (transaction) => {
          const before = await rowsRead(transaction, database.schema);
          const { body } = await metricsText(transaction, loader.settings);
          return { body, before, after: await rowsRead(transaction, database.schema) };
        });
      });
      held.finish();
      await held.outcome;

      for (const view of VIEWS) expect(after[view], view).toBe(before[view]);
      expect(after["etl_metadata"]! - before["etl_metadata"]!).toBeGreaterThan(0);
      expect(after["etl_metadata"]! - before["etl_metadata"]!).toBeLessThan(RUNS / 5);
      const samples = samplesOf(body);
      expect(samples).toMatchObject({
        'otc_etl_runs_total{view="timesheets",kind="load",status="success"}': RUNS / 3,
        'otc_etl_runs_total{view="tickets",kind="load",status="skipped"}': 1,
        'otc_etl_runs_total{view="tickets",kind="load",status="failed"}': 0,
        'otc_etl_load_running{view="tickets"}': 1,
        'otc_etl_load_running{view="comments"}': 0,
        'otc_etl_load_running_seconds{view="comments"}': 0,
        'otc_etl_table_rows{view="comments"}': 1,
      });
      expect(samples['otc_etl_load_running_seconds{view="tickets"}']).toBeGreaterThan(0);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
