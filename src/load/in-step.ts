import type { LoadInProgress } from "./load-in-progress.ts";
import type { Step } from "../runs/run-metrics.ts";
import { stepLabel } from "../runs/step-label.ts";

/** Runs a step, takes its time, and lets other sessions see that it is under way. */
export async function inStep<T>(load: LoadInProgress, step: Step, work: () => Promise<T>): Promise<T> {
  const { transaction, run, state } = load;
  await transaction.query("select set_config('application_name', $1, true)", [stepLabel(run.runId, step)]);
  return state.meter.time(step, work);
}
