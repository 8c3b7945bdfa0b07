import {
  isCommitted,
  MISSING_OUTCOMES,
  ROW_OUTCOMES,
  type RunTotals,
} from "../runs/queries/read-run-totals.ts";
import { RUN_KINDS } from "../runs/run-kind.ts";
import { STEPS } from "../runs/run-metrics.ts";
import { shownStatus } from "../runs/health/shown-status.ts";
import type { Scrape } from "./scrape.ts";

/** The statuses of runs that have ended. */
const STATUSES = ["success", "partial", "failed", "abandoned", "skipped", "interrupted"] as const;

/**
 * The totals of all runs, by kind. Every series exists from the first scrape on, because Prometheus does not see the
 * increase of a series that begins with 1.
 */
export function addRunCounters({ exposition, views, totals }: Scrape): void {
  const runs = exposition.counter(
    "otc_etl_runs_total",
    ["view", "kind", "status"],
    "Runs that have ended; skipped: the view was locked, the rate was limited, or the circuit was open; interrupted: somebody ended the process.",
  );
  const rows = exposition.counter(
    "otc_etl_rows_total",
    ["view", "kind", "outcome"],
    "Records of committed runs, by outcome.",
  );
  const missing = exposition.counter(
    "otc_etl_missing_rows_total",
    ["view", "kind", "outcome"],
    "Rows that OTC no longer sends, that came back, or that came with another key, found by committed runs.",
  );
  const steps = exposition.counter(
    "otc_etl_step_seconds_total",
    ["view", "kind", "step"],
    "Time that runs spent in each step, committed or not.",
  );
  const bytes = exposition.counter(
    "otc_etl_payload_bytes_total",
    ["view", "kind"],
    "Size of the documents that were read to their end, after decompression.",
  );
  const commits = exposition.counter(
    "otc_etl_commits_total",
    ["view", "kind"],
    "Runs whose transaction was committed.",
  );
  const rollbacks = exposition.counter(
    "otc_etl_rollbacks_total",
    ["view", "kind"],
    "Runs whose transaction was rolled back.",
  );
  const retries = exposition.counter(
    "otc_etl_retries_total",
    ["view", "kind"],
    "Retries of fetches and writes.",
  );
  for (const { name: view } of views) {
    for (const kind of RUN_KINDS) {
      const labels = { view, kind };
      const own = totals.filter((total) => total.view === view && total.kind === kind);
      for (const status of STATUSES) {
        const ended = own.filter((total) => shownStatus(total) === status);
        const count = sumOf(ended, (total) => total.runs);
        runs.inc({ ...labels, status }, count);
      }
      for (const outcome of ROW_OUTCOMES) {
        const count = sumOf(own.filter(isCommitted), (total) => total.rows[outcome]);
        rows.inc({ ...labels, outcome }, count);
      }
      for (const outcome of MISSING_OUTCOMES) {
        const count = sumOf(own.filter(isCommitted), (total) => total.missingRows[outcome]);
        missing.inc({ ...labels, outcome }, count);
      }
      for (const step of STEPS) {
        const seconds = sumOf(own, (total) => total.stepSeconds[step]);
        steps.inc({ ...labels, step }, seconds);
      }
      bytes.labels(labels).inc(sumOf(own, (total) => total.payloadBytes));
      commits.labels(labels).inc(sumOf(own, (total) => total.commits));
      rollbacks.labels(labels).inc(sumOf(own, (total) => total.rollbacks));
      retries.labels(labels).inc(sumOf(own, (total) => total.retries));
    }
  }
}

function sumOf(totals: readonly RunTotals[], valueOf: (total: RunTotals) => number): number {
  return totals.reduce((sum, total) => sum + valueOf(total), 0);
}
