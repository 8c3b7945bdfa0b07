import type { Settings } from "../config/settings.ts";
import type { Queryable } from "../database/database.ts";
import type { LastRun, RunTotals } from "../runs/queries/read-run-totals.ts";
import type { ViewHealth } from "../runs/health/read-status.ts";
import type { View } from "../views/view.ts";
import type { Exposition } from "./exposition.ts";

/** The settings that are the limits in dashboards and alerts. */
export type MetricsSettings = Pick<Settings, "maxAgeMs" | "maxRollbackRate" | "requestsPerHour">;

/** What the metrics of one scrape are computed from, and where they are written. */
export interface Scrape {
  readonly exposition: Exposition;
  readonly database: Queryable;
  /** All views, even those that were never loaded: each has every metric from the first scrape on. */
  readonly views: readonly View[];
  readonly healths: readonly ViewHealth[];
  readonly totals: readonly RunTotals[];
  /** Newest first. */
  readonly lastRuns: readonly LastRun[];
  readonly settings: MetricsSettings;
}
