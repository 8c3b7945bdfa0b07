import { milliseconds, positiveMilliseconds, wholeNumber } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const PACE_AND_RETRIES = inGroup("Pace and retries", {
  requestIntervalMs: {
    env: "OTC_REQUEST_INTERVAL_MS",
    description: "Pause between two requests, in ms.",
    type: milliseconds,
    default: "5000",
  },
  viewGapMs: {
    env: "OTC_VIEW_GAP_MS",
    description: "Pause between two views, in ms.",
    type: milliseconds,
    default: "30000",
  },
  requestsPerHour: {
    env: "OTC_REQUESTS_PER_HOUR",
    description: "Largest number of requests in any sixty minutes.",
    type: wholeNumber(1, 1_000_000),
    default: "100",
  },
  retries: {
    env: "OTC_RETRIES",
    description: "Number of retries after a transient failure of a fetch (429, 5xx, timeouts, resets).",
    type: wholeNumber(0, 100),
    default: "3",
  },
  retryBaseMs: {
    env: "OTC_RETRY_BASE_MS",
    description:
      "Back-off before the first retry, in ms. It doubles up to 300000, with jitter; `Retry-After` takes precedence.",
    type: milliseconds,
    default: "10000",
  },
  timeoutMs: {
    env: "OTC_TIMEOUT_MS",
    description: "A fetch fails when no byte has arrived for this long, in ms.",
    type: positiveMilliseconds,
    default: "120000",
  },
  maxPaceWaitMs: {
    env: "OTC_MAX_PACE_WAIT_MS",
    description:
      "Longest wait for the pace rules or for `Retry-After`, in ms. A load that would have to wait longer ends with exit code 75.",
    type: milliseconds,
    default: "300000",
  },
  breakerFailures: {
    env: "OTC_BREAKER_FAILURES",
    description: "Number of failed fetches in a row that opens the circuit, for every process.",
    type: wholeNumber(1, 1000),
    default: "3",
  },
  breakerCooldownMs: {
    env: "OTC_BREAKER_COOLDOWN_MS",
    description: "How long the circuit stays open, in ms; then one load may try.",
    type: milliseconds,
    default: "600000",
  },
});
