import { errorMessage } from "../../errors/error-message.ts";
import type { View } from "../../views/view.ts";
import { withThrottledTransaction } from "../with-throttled-transaction.ts";
import type { LoadContext } from "../load-context.ts";
import { newLoadState } from "../load-in-progress.ts";
import { loadInTransaction } from "../load-in-transaction.ts";
import { countsOfFailure } from "../../runs/outcome.ts";
import { logPlan } from "./log-plan.ts";
import type { PlannedLoad, PlanOutcome } from "./plan-outcome.ts";
import { PlanReport } from "./plan-report.ts";
import { openRun } from "../../runs/run-log.ts";
import type { Attempt } from "../settle-failure.ts";
import { withTimeLimit } from "../time-limit.ts";

/**
 * Plans the views in turn: each is loaded in a transaction of its own, by the same code as ever, and rolled back. Nothing
 * is left of it but the record of what OTC was asked. The run stands in the same transaction, and goes with it.
 *
 * @param samples how many keys, and changes of each column, to show
 * @param onOutcome told after each
 */
export async function planViews(
  views: readonly View[],
  context: LoadContext,
  samples: number,
  onOutcome: (outcome: PlanOutcome) => void,
): Promise<readonly PlanOutcome[]> {
  const outcomes: PlanOutcome[] = [];
  for (const view of views) {
    if (context.signal.aborted && outcomes.length > 0) break;
    const outcome = await planView(view, context, samples);
    onOutcome(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function planView(view: View, context: LoadContext, samples: number): Promise<PlanOutcome> {
  const startedAt = performance.now();
  const attempts: Attempt[] = [];
  context.log.info({ view: view.name }, "plan begins");
  let outcome: PlanOutcome;
  try {
    outcome = await withTimeLimit(context.options.timeoutMs, context.signal, (signal) =>
      rehearse(view, { ...context, signal }, new PlanReport(samples), attempts),
    );
  } catch (error) {
    const state = attempts[0]?.state;
    outcome = {
      view: view.name,
      status: "failed",
      runId: null,
      durationMs: Math.round(performance.now() - startedAt),
      archive: { file: null, error: null },
      error: error instanceof Error ? error : new Error(errorMessage(error)),
      ...countsOfFailure(state?.fetched ?? 0, state?.rejects.count ?? 0),
    };
  } finally {
    for (const { state } of attempts) await state.rejects.dispose();
  }
  logPlan(context.log, outcome);
  return outcome;
}

/** @param attempts filled with the load, as soon as its run is opened */
async function rehearse(
  view: View,
  context: LoadContext,
  plan: PlanReport,
  attempts: Attempt[],
): Promise<PlannedLoad> {
  const source = context.sourceOf(view);
  const asking = { asksOtc: source.kind === "api", keep: false, attempts };
  return withThrottledTransaction(context, asking, async (transaction, requests) => {
    const run = await openRun(transaction, view, source, context.kind);
    const state = newLoadState(run);
    attempts.push({ run, state });
    const load = await loadInTransaction(transaction, run, { ...context, observer: plan }, requests, state);
    return {
      ...load,
      status: "planned",
      runId: null,
      quarantine: Object.fromEntries(state.rejects.reasons),
      changes: plan.changes,
      duplicateKeys: plan.duplicateKeys,
      guards: plan.guards,
    };
  });
}
