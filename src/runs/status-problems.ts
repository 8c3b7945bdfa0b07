import type { AlertCondition } from "../config/settings.ts";
import type { ViewHealth } from "./read-status.ts";

/** When `status --check` and the alerts are not content. */
export interface StatusLimits {
  /** In seconds. */
  readonly maxAgeSeconds: number;
  /** From 0 to 1. */
  readonly maxRollbackRate: number;
}

/** Something that is wrong with a view. */
interface ViewProblem {
  readonly condition: AlertCondition | "never-loaded" | "quarantine-growth";
  /** A sentence without the name of the view. */
  readonly text: string;
}

/** What is wrong with the views, a sentence each; empty when all is well. */
export function statusProblems(statuses: readonly ViewHealth[], limits: StatusLimits): readonly string[] {
  return statuses.flatMap((status) =>
    viewProblems(status, limits)
      // That is how many a night ends; a check minds only when there are more than the night before.
      .filter(({ condition }) => condition !== "partial")
      .map(({ text }) => `${status.view}: ${text}`),
  );
}

/** Everything that is wrong with a view, a condition at most once. */
export function viewProblems(status: ViewHealth, limits: StatusLimits): readonly ViewProblem[] {
  return [...findProblems(status, limits)];
}

function* findProblems(status: ViewHealth, limits: StatusLimits): Generator<ViewProblem> {
  const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;
  if (status.ageSeconds === null) {
    yield { condition: "never-loaded", text: "was never loaded." };
  } else if (status.ageSeconds > limits.maxAgeSeconds) {
    const text = `was last loaded ${hours(status.ageSeconds)} ago, more than the ${hours(limits.maxAgeSeconds)} allowed.`;
    yield { condition: "stale", text };
  }
  const last = status.lastLoad;
  if (last?.status === "failed" || last?.status === "abandoned") {
    const text = `the last run (${last.runId}) ${last.status === "failed" ? "failed" : "was abandoned"}: ${last.error ?? "no reason on record"}`;
    yield { condition: "failed", text };
  }
  if (last?.status === "partial") {
    const text = `the last run (${last.runId}) put ${last.errors ?? "some"} of its ${last.fetched ?? "?"} records in quarantine.`;
    yield { condition: "partial", text };
  }
  if (status.rollbackRate !== null && status.rollbackRate > limits.maxRollbackRate) {
    const percent = (rate: number): string => `${Number((rate * 100).toFixed(2))} %`;
    const text = `${percent(status.rollbackRate)} of the last runs were rolled back, more than the ${percent(limits.maxRollbackRate)} allowed.`;
    yield { condition: "rollback-rate", text };
  }
  if (status.quarantineGrowth > 0) {
    const text = `the last load put ${status.quarantineGrowth} more records in quarantine than the one before.`;
    yield { condition: "quarantine-growth", text };
  }
}
