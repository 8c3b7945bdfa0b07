import type { LoadInProgress } from "./load-in-progress.ts";
import type { Step } from "../runs/run-metrics.ts";

/** Runs a step, takes its time, and lets other sessions see that it is under way. */
export async function inStep<T>(load: LoadInProgress, step: Step, work: () => Promise<T>): Promise<T> {
  const { transaction, run, state } = load;
  await transaction.query("select set_config('application_name', $1, true)", [stepLabel(run.runId, step)]);
  return state.meter.time(step, work);
}

/**
 * What the session of a load calls itself (`application_name`), until its transaction ends: whoever may connect can see
 * it, nothing is written, and 63 bytes are enough.
 */
function stepLabel(runId: number, step: Step): string {
  return `otc-etl run ${runId}: ${step}`;
}

/** The labels as a regular expression of PostgreSQL, with run and step as its groups. */
export const STEP_LABEL = "^otc-etl run (\\d+): (\\w+)$";
