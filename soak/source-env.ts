import type { Environment } from "./processes/command.ts";

/** What otc-etl needs to load from a simulator without delays. */
export function sourceEnv(url: string): Environment {
  return {
    OTC_API_URL: url,
    OTC_API_USERNAME: "soak",
    OTC_API_PASSWORD: "soak",
    OTC_VIEW_TICKETS: "tickets",
    OTC_VIEW_COMMENTS: "comments",
    OTC_VIEW_TIMESHEETS: "timesheets",
    OTC_REQUEST_INTERVAL_MS: "0",
    OTC_VIEW_GAP_MS: "0",
    OTC_REQUESTS_PER_HOUR: "100000",
    OTC_RETRY_BASE_MS: "100",
    // Killed loads are not failures of OTC.
    OTC_BREAKER_FAILURES: "1000",
  };
}
