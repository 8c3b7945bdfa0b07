import type { Step } from "./run-metrics.ts";

/**
 * What the session of a load calls itself (`application_name`), until its transaction ends: whoever may connect can see
 * it, nothing is written, and 63 bytes are enough.
 */
export function stepLabel(runId: number, step: Step): string {
  return `otc-etl run ${runId}: ${step}`;
}

/** The labels as a regular expression of PostgreSQL, with run and step as its groups. */
export const STEP_LABEL = "^otc-etl run (\\d+): (\\w+)$";
