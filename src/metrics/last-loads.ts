import { MISSING_OUTCOMES, ROW_OUTCOMES } from "../runs/queries/read-run-totals.ts";
import { STEPS } from "../runs/run-metrics.ts";
import type { Scrape } from "./scrape.ts";

/** The possible statuses of the last load of a view; skipped and interrupted runs do not count. */
const STATUSES = ["success", "partial", "failed", "abandoned"] as const;

/** The last loads of each view. A value without a load is NaN, with which no comparison is true. */
export function addLastLoads(scrape: Scrape): void {
  const { exposition, healths, settings } = scrape;
  const status = exposition.gauge(
    "otc_etl_last_load_status",
    ["view", "status"],
    "1 for the status of the last load, 0 for the others; it may be later than the last committed load.",
  );
  const failures = exposition.gauge(
    "otc_etl_failures_in_row",
    ["view"],
    "Loads that failed or were abandoned since one was committed.",
  );
  const ratio = exposition.gauge(
    "otc_etl_rollback_ratio",
    ["view"],
    "Share of the last 20 loads that were rolled back; NaN when there were fewer than 5.",
  );
  const maxRatio = exposition.gauge(
    "otc_etl_max_rollback_ratio",
    ["view"],
    "The largest share that is allowed: OTC_MAX_ROLLBACK_RATE.",
  );
  const duration = exposition.gauge(
    "otc_etl_last_load_duration_seconds",
    ["view"],
    "How long the last committed load took.",
  );
  const usual = exposition.gauge(
    "otc_etl_usual_load_duration_seconds",
    ["view"],
    "The median of the 20 committed loads before it.",
  );
  const growth = exposition.gauge(
    "otc_etl_quarantine_growth_records",
    ["view"],
    "How many more records the last committed load put in quarantine than the one before it.",
  );
  for (const health of healths) {
    const { view } = health;
    for (const each of STATUSES) {
      status.set({ view, status: each }, health.lastLoad?.status === each ? 1 : 0);
    }
    failures.set({ view }, health.failuresInRow);
    ratio.set({ view }, health.rollbackRate ?? Number.NaN);
    maxRatio.set({ view }, settings.maxRollbackRate);
    duration.set({ view }, health.duration?.last ?? Number.NaN);
    usual.set({ view }, health.duration?.usual ?? Number.NaN);
    growth.set({ view }, health.quarantineGrowth);
  }
  addFigures(scrape);
}

/** What the last committed load of each view did. */
function addFigures({ exposition, views, lastRuns }: Scrape): void {
  const rows = exposition.gauge(
    "otc_etl_last_load_rows",
    ["view", "outcome"],
    "Records of the last committed load, by outcome.",
  );
  const steps = exposition.gauge(
    "otc_etl_last_load_step_seconds",
    ["view", "step"],
    "Time that the last committed load spent in each step.",
  );
  const bytes = exposition.gauge(
    "otc_etl_last_load_payload_bytes",
    ["view"],
    "Size of the document of the last committed load, after decompression.",
  );
  const late = exposition.gauge(
    "otc_etl_last_load_late_records",
    ["view"],
    "Inserted records of the last committed load whose date says that the load before should have had them.",
  );
  const known = exposition.gauge(
    "otc_etl_last_load_known_records",
    ["view"],
    "Records of the last committed load that were known by their fingerprints, so that they were not compared.",
  );
  const missing = exposition.gauge(
    "otc_etl_last_load_missing_rows",
    ["view", "outcome"],
    "Rows that the last committed load found missing, returned or rekeyed.",
  );
  for (const { name: view } of views) {
    const last = lastRuns.find((run) => run.view === view && run.kind === "load");
    for (const outcome of ROW_OUTCOMES) rows.set({ view, outcome }, last?.rows[outcome] ?? Number.NaN);
    for (const step of STEPS) steps.set({ view, step }, last?.stepSeconds[step] ?? Number.NaN);
    bytes.set({ view }, last?.payloadBytes ?? Number.NaN);
    late.set({ view }, last?.late ?? Number.NaN);
    known.set({ view }, last?.known ?? Number.NaN);
    for (const outcome of MISSING_OUTCOMES) {
      missing.set({ view, outcome }, last?.missingRows[outcome] ?? Number.NaN);
    }
  }
}
