import type { ViewHealth } from "./read-status.ts";

/** When `status --check` is not content. */
export interface StatusLimits {
  /** In seconds. */
  readonly maxAgeSeconds: number;
  /** From 0 to 1. */
  readonly maxRollbackRate: number;
}

/** What is wrong with the views, a sentence each; empty when all is well. */
export function statusProblems(statuses: readonly ViewHealth[], limits: StatusLimits): readonly string[] {
  return statuses.flatMap((status) =>
    Array.from(viewProblems(status, limits), (problem) => `${status.view}: ${problem}`),
  );
}

function* viewProblems(status: ViewHealth, limits: StatusLimits): Generator<string> {
  const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;
  if (status.ageSeconds === null) {
    yield "was never loaded.";
  } else if (status.ageSeconds > limits.maxAgeSeconds) {
    yield `was last loaded ${hours(status.ageSeconds)} ago, more than the ${hours(limits.maxAgeSeconds)} allowed.`;
  }
  const last = status.lastLoad;
  if (last?.status === "failed" || last?.status === "abandoned") {
    yield `the last run (${last.runId}) ${last.status === "failed" ? "failed" : "was abandoned"}: ${last.error ?? "no reason on record"}`;
  }
  if (status.rollbackRate !== null && status.rollbackRate > limits.maxRollbackRate) {
    const percent = (rate: number): string => `${Math.round(rate * 100)} %`;
    yield `${percent(status.rollbackRate)} of the last runs were rolled back, more than the ${percent(limits.maxRollbackRate)} allowed.`;
  }
  if (status.quarantineGrowth > 0) {
    yield `the last load put ${status.quarantineGrowth} more records in quarantine than the one before.`;
  }
}
