import type { Settings } from "../config/settings.ts";
import type { Queryable } from "../database/database.ts";
import type { LastRun, RunTotals } from "../runs/read-run-totals.ts";
import type { ViewHealth } from "../runs/read-status.ts";
import type { View } from "../views/view.ts";
import type { Exposition } from "./exposition.ts";

/** The settings that dashboards and alerts measure by. */
export type MetricsSettings = Pick<Settings, "maxAgeMs" | "maxRollbackRate" | "requestsPerHour">;

/** What the metrics of one scrape are made of, and where they go. */
export interface Scrape {
  readonly exposition: Exposition;
  readonly database: Queryable;
  /** All of them, also those that were never loaded: each has every metric from the first scrape. */
  readonly views: readonly View[];
  readonly healths: readonly ViewHealth[];
  readonly totals: readonly RunTotals[];
  /** Newest first. */
  readonly lastRuns: readonly LastRun[];
  readonly settings: MetricsSettings;
}
