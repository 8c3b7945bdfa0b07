import { isPlanned, type Run } from "./run-log.ts";
import type { Step } from "./run-metrics.ts";

/**
 * The `application_name` of a load's session until its transaction ends. Every role that may connect can see it, it
 * writes nothing, and it fits into the limit of 63 bytes. A plan has no run to name.
 */
export function stepLabel(run: Pick<Run, "runId">, step: Step): string {
  return `otc-etl ${isPlanned(run) ? "plan" : `run ${run.runId}`}: ${step}`;
}

/** The labels of runs as a regular expression of PostgreSQL, with run and step as its groups. */
export const STEP_LABEL = "^otc-etl run (\\d+): (\\w+)$";
