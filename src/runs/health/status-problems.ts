import { ALERT_CONDITIONS } from "../../config/values/setting-types.ts";
import type { ViewHealth } from "./read-status.ts";
import type { UnusualRows } from "./unusual-rows.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

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
  /** The run that shows the problem; null when there is none. */
  readonly runId: number | null;
  /** What to do next; null when the sentence says it, or nothing is known. */
  readonly remedy: string | null;
}

/** A problem as `status --check` and the status page report it. */
export interface StatusProblem extends Pick<ViewProblem, "text" | "runId" | "remedy"> {
  readonly view: string;
}

/** The problems of the views, whose sentences name the view; empty when all views are up to date. */
export function statusProblems(
  statuses: readonly ViewHealth[],
  limits: StatusLimits,
): readonly StatusProblem[] {
  return statuses.flatMap((status) =>
    viewProblems(status, limits)
      // Partial loads are normal. The check reports more rejected records than before, and missing rows that were kept.
      .filter(({ condition }) => condition !== "partial")
      .map(({ text, runId, remedy }) => ({
        view: status.view,
        text: `${status.view}: ${text}`,
        runId,
        remedy,
      })),
  );
}

/** All problems of a view, at most one per condition. */
export function viewProblems(status: ViewHealth, limits: StatusLimits): readonly ViewProblem[] {
  return [...findProblems(status, limits)];
}

function* findProblems(status: ViewHealth, limits: StatusLimits): Generator<ViewProblem> {
  const { view } = status;
  const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;
  const loadNow = `\`otc-etl load ${view}\` loads it now.`;
  const lastCommittedId = status.lastCommitted?.runId ?? null;
  if (status.ageSeconds === null) {
    yield { condition: "never-loaded", text: "was never loaded.", runId: null, remedy: null };
  } else if (status.ageSeconds > limits.maxAgeSeconds) {
    yield {
      condition: "stale",
      text: `was last loaded ${hours(status.ageSeconds)} ago, more than the ${hours(limits.maxAgeSeconds)} allowed.`,
      runId: lastCommittedId,
      remedy: `Check whether the worker, or the job that starts loads, is running. ${loadNow}`,
    };
  }
  if (status.futureLoad !== null) {
    const { runId, time } = status.futureLoad;
    const text =
      `run ${runId} is recorded as committed at ${time.toISOString()}, later than the clock of the database allows. ` +
      "That time is ignored. Check the clock of the database server; the next load ends this problem.";
    yield { condition: "future-time", text, runId, remedy: null };
  }
  const last = status.lastLoad;
  if (last?.status === "failed" || last?.status === "abandoned") {
    yield {
      condition: "failed",
      text: `the last run (${last.runId}) ${last.status === "failed" ? "failed" : "was abandoned"}: ${last.error ?? "no reason on record"}`,
      runId: last.runId,
      remedy: last.remedy,
    };
  }
  // A load that failed after it says nothing about the records in quarantine.
  const committed = status.lastCommitted;
  if (committed?.status === "partial") {
    const { runId, fetched, errors, error } = committed;
    const quarantined = `put ${errors === null ? "some" : formatCount(errors)} of its ${fetched === null ? "records" : formatNumberOf(fetched, "record")} in quarantine.`;
    const findings = [...(errors === 0 ? [] : [quarantined]), ...(error === null ? [] : [error])];
    const which = runId === last?.runId ? "run" : "committed run";
    yield {
      condition: "partial",
      text: `the last ${which} (${runId}) ${errors === 0 ? "was partial: " : ""}${findings.join(" ")}`,
      runId,
      remedy: errors === 0 ? `otc-etl plan ${view}` : listRejects(runId),
    };
  }
  if (status.rollbackRate !== null && status.rollbackRate > limits.maxRollbackRate) {
    const percent = (rate: number): string => `${Number((rate * 100).toFixed(2))} %`;
    yield {
      condition: "rollback-rate",
      text: `${percent(status.rollbackRate)} of the last runs were rolled back, more than the ${percent(limits.maxRollbackRate)} allowed.`,
      runId: null,
      remedy: "`otc-etl status` lists the runs that failed, and why.",
    };
  }
  if (status.driftWarnings.length > 0) {
    yield {
      condition: "drift",
      text: `schema drift in the last load: ${status.driftWarnings.map(({ message }) => message).join(" ")}`,
      runId: lastCommittedId,
      remedy: "Ask the OTC team whether the change is meant.",
    };
  }
  if (status.quarantineGrowth > 0) {
    yield {
      condition: "quarantine-growth",
      text: `the last load put ${formatNumberOf(status.quarantineGrowth, "more record")} in quarantine than the one before.`,
      runId: lastCommittedId,
      remedy: lastCommittedId === null ? null : listRejects(lastCommittedId),
    };
  }
  if (committed !== null && committed.error !== null) {
    yield {
      condition: "missing-kept",
      text: `the last committed run (${committed.runId}) did not judge or remove all missing rows: ${committed.error}`,
      runId: committed.runId,
      remedy: `otc-etl plan ${view}`,
    };
  }
  for (const unusual of status.unusualRows) {
    yield {
      condition: unusual.count,
      text: describeUnusual(unusual),
      runId: lastCommittedId,
      remedy: unusual.count === "late" ? null : `otc-etl missing list --view ${view}`,
    };
  }
}

function describeUnusual({ count, rows, usual }: UnusualRows): string {
  const found = {
    missing: `found ${formatNumberOf(rows, "row")} that OTC no longer sends`,
    rekeyed: `found ${formatNumberOf(rows, "row whose record", "rows whose records")} came with another key`,
    late: `inserted ${formatNumberOf(rows, "record")} that the load before should have had`,
  };
  return `the last load ${found[count]}, more than usual (${usual}).`;
}

/** The command that lists the rejected records of a run. */
function listRejects(runId: number): string {
  return `otc-etl rejects list --run ${runId}`;
}
