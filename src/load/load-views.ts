import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import { withThrottledTransaction } from "./with-throttled-transaction.ts";
import { abandonDeadRuns } from "../runs/dead-runs.ts";
import type { LoadContext } from "./load-context.ts";
import { newLoadState } from "./load-in-progress.ts";
import { loadInTransaction } from "./load-in-transaction.ts";
import { logOutcome } from "./log-outcome.ts";
import type { CommittedLoad, LoadOutcome } from "../runs/outcome.ts";
import { refreshDerived } from "./refresh-derived.ts";
import { openRun } from "../runs/run-log.ts";
import { type Attempt, settleFailure } from "./settle-failure.ts";
import { withTimeLimit } from "./time-limit.ts";
import { traceOutcome, traceRun } from "./trace-run.ts";

/**
 * Loads the views in turn, each in a transaction of its own: one that fails does not keep the others from loading.
 *
 * @param onOutcome told after each, as soon as it is committed or rolled back
 */
export async function loadViews(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  const outcomes: LoadOutcome[] = [];
  for (const view of views) {
    if (context.signal.aborted && outcomes.length > 0) break;
    outcomes.push(...(await loadTogether([view], context, onOutcome)));
  }
  return outcomes;
}

/** Loads the views in ONE transaction: all of them are committed or none. */
export async function loadViewsAtomically(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  return loadTogether(views, context, onOutcome);
}

async function loadTogether(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  const startedAt = performance.now();
  const attempts: Attempt[] = [];
  const loads: CommittedLoad[] = [];
  let outcomes: readonly LoadOutcome[];
  try {
    await withTimeLimit(context.options.timeoutMs, context.signal, (signal) =>
      attemptAll(views, { ...context, signal }, attempts, loads),
    );
    outcomes = loads;
  } catch (error) {
    const all = views.map((view) => attempts.find((attempt) => attempt.run.view === view) ?? view);
    const first = error instanceof Error ? error : new Error(errorMessage(error));
    outcomes = await settleFailure(all, loads, first, context, startedAt);
  } finally {
    for (const { state } of attempts) await state.rejects.dispose();
  }
  for (const outcome of outcomes) {
    const attempt = attempts.find(({ run }) => run.runId === outcome.runId);
    logOutcome(context.log, outcome, attempt?.state.rejects.reasons ?? new Map<string, number>());
    traceOutcome(attempt?.state.span, outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

/**
 * @param attempts filled with every run that was opened
 * @param loads filled with every load that is ready to be committed
 */
async function attemptAll(
  views: readonly View[],
  context: LoadContext,
  attempts: Attempt[],
  loads: CommittedLoad[],
): Promise<void> {
  const { database, log } = context;
  for (const view of views) {
    // Committed at once, so that even a crash leaves a trace.
    const run = await database.transaction(async (transaction) => {
      await abandonDeadRuns(transaction, database, view);
      return openRun(transaction, view, context.sourceOf(view), context.kind);
    });
    attempts.push({ run, state: newLoadState(run, traceRun(context.tracing, run)) });
    log.info({ view: view.name, run: run.runId }, `${run.kind} begins`);
  }
  const asksOtc = attempts.some(({ run }) => run.source.kind === "api");
  await withThrottledTransaction(
    context,
    { asksOtc, keep: true, attempts },
    async (transaction, requests) => {
      const written: View[] = [];
      for (const { run, state } of attempts) {
        const load = await loadInTransaction(transaction, run, context, requests, state);
        loads.push(load);
        if (load.inserted + load.updated > 0) written.push(run.view);
      }
      // Once for all views of the transaction, and so the last one's.
      await attempts
        .at(-1)
        ?.state.meter.trace("refresh", () => refreshDerived(transaction, written, context));
    },
  );
}
