import { ALERT_CONDITIONS } from "../config/setting-types.ts";
import type { ViewHealth } from "./read-status.ts";
import type { UnusualRows } from "./unusual-rows.ts";

/** Everything that can be wrong with a view. */
export const PROBLEM_CONDITIONS = [
  ...ALERT_CONDITIONS,
  "never-loaded",
  "future-time",
  "quarantine-growth",
  "missing-kept",
] as const;

/** The limits beyond which `status --check` and the alerts report a problem. */
export interface StatusLimits {
  /** The largest age of the last committed load, in seconds. */
  readonly maxAgeSeconds: number;
  /** The largest share of runs that were rolled back, from 0 to 1. */
  readonly maxRollbackRate: number;
}

/** A problem of a view. */
interface ViewProblem {
  readonly condition: (typeof PROBLEM_CONDITIONS)[number];
  /** A sentence without the name of the view. */
  readonly text: string;
}

/** The problems of the views, one sentence per problem; empty when all views are up to date. */
export function statusProblems(statuses: readonly ViewHealth[], limits: StatusLimits): readonly string[] {
  return statuses.flatMap((status) =>
    viewProblems(status, limits)
      // Partial loads are normal. The check reports more rejected records than before, and missing rows that were kept.
      .filter(({ condition }) => condition !== "partial")
      .map(({ text }) => `${status.view}: ${text}`),
  );
}

/** All problems of a view, at most one per condition. */
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
  if (status.futureLoad !== null) {
    const { runId, time } = status.futureLoad;
    const text =
      `run ${runId} is recorded as committed at ${time.toISOString()}, later than the clock of the database allows. ` +
      "That time is ignored. Check the clock of the database server; the next load ends this problem.";
    yield { condition: "future-time", text };
  }
  const last = status.lastLoad;
  if (last?.status === "failed" || last?.status === "abandoned") {
    const text = `the last run (${last.runId}) ${last.status === "failed" ? "failed" : "was abandoned"}: ${last.error ?? "no reason on record"}`;
    yield { condition: "failed", text };
  }
  // A load that failed after it says nothing about the records in quarantine.
  const committed = status.lastCommitted;
  if (committed?.status === "partial") {
    const { runId, errors, error } = committed;
    const quarantined = `put ${errors ?? "some"} of its ${committed.fetched ?? "?"} records in quarantine.`;
    const findings = [...(errors === 0 ? [] : [quarantined]), ...(error === null ? [] : [error])];
    const which = runId === last?.runId ? "run" : "committed run";
    yield {
      condition: "partial",
      text: `the last ${which} (${runId}) ${errors === 0 ? "was partial: " : ""}${findings.join(" ")}`,
    };
  }
  if (status.rollbackRate !== null && status.rollbackRate > limits.maxRollbackRate) {
    const percent = (rate: number): string => `${Number((rate * 100).toFixed(2))} %`;
    const text = `${percent(status.rollbackRate)} of the last runs were rolled back, more than the ${percent(limits.maxRollbackRate)} allowed.`;
    yield { condition: "rollback-rate", text };
  }
  if (status.driftWarnings.length > 0) {
    const text = `schema drift in the last load: ${status.driftWarnings.map(({ message }) => message).join(" ")}`;
    yield { condition: "drift", text };
  }
  if (status.quarantineGrowth > 0) {
    const records =
      status.quarantineGrowth === 1 ? "1 more record" : `${status.quarantineGrowth} more records`;
    const text = `the last load put ${records} in quarantine than the one before.`;
    yield { condition: "quarantine-growth", text };
  }
  if (committed !== null && committed.error !== null) {
    const text = `the last committed run (${committed.runId}) did not judge or remove all missing rows: ${committed.error}`;
    yield { condition: "missing-kept", text };
  }
  for (const unusual of status.unusualRows) {
    yield { condition: unusual.count, text: describeUnusual(unusual) };
  }
}

function describeUnusual({ count, rows, usual }: UnusualRows): string {
  const many = (singular: string, plural: string): string => `${rows} ${rows === 1 ? singular : plural}`;
  const found = {
    missing: `found ${many("row", "rows")} that OTC no longer sends`,
    rekeyed: `found ${many("row whose record", "rows whose records")} came with another key`,
    late: `inserted ${many("record", "records")} that the load before should have had`,
  };
  return `the last load ${found[count]}, more than usual (${usual}).`;
}
