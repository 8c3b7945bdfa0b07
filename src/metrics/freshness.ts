import { isCommitted } from "../runs/queries/read-run-totals.ts";
import type { Scrape } from "./scrape.ts";

/** How old the data is. Only loads count: imports and replays say nothing about what OTC sends now. */
export function addFreshness({ exposition, views, healths, totals, settings }: Scrape): void {
  const lastSuccess = exposition.gauge(
    "otc_etl_last_success_timestamp_seconds",
    ["view"],
    "When the last load was committed; 0 when there was none.",
  );
  const age = exposition.gauge(
    "otc_etl_age_seconds",
    ["view"],
    "How long ago the last load was committed; +Inf when there was none.",
  );
  const maxAge = exposition.gauge(
    "otc_etl_max_age_seconds",
    ["view"],
    "The age from which data counts as stale: OTC_MAX_AGE.",
  );
  for (const { name: view } of views) {
    const loads = totals.filter(
      (total) => total.view === view && total.kind === "load" && isCommitted(total),
    );
    const health = healths.find((each) => each.view === view);
    const times = [health?.lastLoaded, ...loads.map(({ lastLoadTime }) => lastLoadTime)];
    lastSuccess.set({ view }, Math.max(0, ...times.map((time) => (time?.getTime() ?? 0) / 1000)));
    age.set({ view }, health?.ageSeconds ?? Number.POSITIVE_INFINITY);
    maxAge.set({ view }, settings.maxAgeMs / 1000);
  }
}
