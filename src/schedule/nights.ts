import type { RecordedRun } from "../runs/recorded-run.ts";
import { isJudged } from "../runs/health/shown-status.ts";

/** What became of a scheduled load. Nothing is known of the times before the first load on record. */
export type NightOutcome = "committed" | "partial" | "failed" | "missed" | "running" | "due" | "unknown";

/** A scheduled time, and the loads that started between it and the next one. */
export interface Night {
  readonly dueAt: Date;
  readonly outcome: NightOutcome;
  /** The load that decides the outcome; undefined when there is none. */
  readonly run: RecordedRun | undefined;
}

/** A load may start this much before its time, because clocks of two machines differ; in milliseconds. */
const EARLY_MS = 60_000;

/** A load that has not started after this time is missed, and no longer due; in milliseconds. */
const LATE_MS = 3_600_000;

/**
 * What became of each scheduled load.
 *
 * @param times scheduled times, oldest first
 * @param loads the loads on record, in any order
 */
export function nightsOf(times: readonly Date[], loads: readonly RecordedRun[], now: Date): readonly Night[] {
  const first = loads.reduce<Date | null>(
    (earliest, { startedAt }) =>
      startedAt !== null && (earliest === null || startedAt < earliest) ? startedAt : earliest,
    null,
  );
  return times.map((dueAt, index) => {
    const from = dueAt.getTime() - EARLY_MS;
    const to = (times[index + 1]?.getTime() ?? Infinity) - EARLY_MS;
    const own = loads.filter(({ startedAt }) => {
      const start = startedAt?.getTime() ?? -Infinity;
      return start >= from && start < to;
    });
    const run = decisiveOf(own);
    if (run !== undefined) return { dueAt, run, outcome: outcomeOf(run) };
    if (first === null || to <= first.getTime()) return { dueAt, run, outcome: "unknown" };
    return { dueAt, run, outcome: now.getTime() - dueAt.getTime() < LATE_MS ? "due" : "missed" };
  });
}

/** The load that was committed; otherwise the last one that is running or failed. Those that were skipped decide nothing. */
function decisiveOf(loads: readonly RecordedRun[]): RecordedRun | undefined {
  const newest = loads.filter(isJudged).toSorted((a, b) => b.runId - a.runId);
  return newest.find(({ commits }) => commits > 0) ?? newest[0];
}

function outcomeOf({ status }: RecordedRun): NightOutcome {
  switch (status) {
    case "success":
      return "committed";
    case "failed":
    case "abandoned":
      return "failed";
    case "running":
    case "partial":
      return status;
    default:
      return status satisfies never;
  }
}
