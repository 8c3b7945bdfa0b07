import { packageVersion } from "../config/package-version.ts";
import type { Queryable } from "../database/database.ts";
import { readLastRuns, readRunTotals } from "../runs/queries/read-run-totals.ts";
import { readHealth } from "../runs/health/read-status.ts";
import { viewCatalog } from "../views/catalog.ts";
import { addContents } from "./contents.ts";
import { Exposition, type MetricsText } from "./exposition.ts";
import { addFreshness } from "./freshness.ts";
import { addLastLoads } from "./last-loads.ts";
import { addOtc } from "./otc.ts";
import { addProblems } from "./problems.ts";
import { addRunCounters } from "./run-counters.ts";
import { addRunningLoads } from "./running-loads.ts";
import type { MetricsSettings, Scrape } from "./scrape.ts";

/**
 * The metrics for Prometheus, from the records in the database, because a load that cron started has ended long before
 * the scrape. It reads neither the views' tables nor all runs, so it waits for no load, and does not get slower over the
 * years.
 *
 * @throws OtcError `database`
 */
export async function metricsText(database: Queryable, settings: MetricsSettings): Promise<MetricsText> {
  const exposition = new Exposition();
  const views = await viewCatalog();
  const healths = await readHealth(database, views, 0);
  const totals = await readRunTotals(database);
  const lastRuns = await readLastRuns(database);
  const scrape: Scrape = {
    exposition,
    database,
    views,
    healths,
    totals,
    lastRuns,
    settings,
  };
  addFreshness(scrape);
  addLastLoads(scrape);
  addProblems(scrape);
  await addRunningLoads(scrape);
  await addContents(scrape);
  await addOtc(scrape);
  addRunCounters(scrape);
  exposition
    .gauge("otc_etl_build_info", ["version"], "The version of otc-etl; always 1.")
    .set({ version: packageVersion() }, 1);
  return exposition.text();
}
