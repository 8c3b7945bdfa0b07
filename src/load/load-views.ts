import { OtcError } from "../errors/otc-error.ts";
import { reasonOf } from "../errors/reason.ts";
import type { View } from "../views/view.ts";
import type { LoadContext } from "./load-context.ts";
import { loadInTransaction, type LoadState, newLoadState } from "./load-in-transaction.ts";
import { type CommittedLoad, countsOfFailure, type FailedLoad, type LoadOutcome } from "./outcome.ts";
import { openRun, recordFailure, type Run } from "./run-log.ts";

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

/** A run and what it has seen. */
interface Attempt {
  readonly run: Run;
  readonly state: LoadState;
}

async function loadTogether(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  const { database, log, signal } = context;
  const startedAt = performance.now();
  const attempts: Attempt[] = [];
  const loads: CommittedLoad[] = [];
  let outcomes: readonly LoadOutcome[];
  try {
    for (const view of views) {
      const run = await openRun(database, view, context.sourceOf(view));
      attempts.push({ run, state: newLoadState(run) });
      log.info({ view: view.name, run: run.runId }, "load begins");
    }
    await database.transaction(async (transaction) => {
      for (const { run, state } of attempts) {
        loads.push(await loadInTransaction(transaction, run, context, state));
      }
    }, signal);
    outcomes = loads;
  } catch (error) {
    const failed = views.map((view) => attempts.find((attempt) => attempt.run.view === view) ?? view);
    outcomes = await settleFailure(failed, loads, toError(error), context, startedAt);
  } finally {
    for (const { state } of attempts) await state.rejects.dispose();
  }
  for (const outcome of outcomes) {
    logOutcome(outcome, attempts, context);
    onOutcome(outcome);
  }
  return outcomes;
}

/** After a rollback: records what happened, each run on its own. The first error is the one reported. */
async function settleFailure(
  failed: readonly (Attempt | View)[],
  loads: readonly CommittedLoad[],
  error: Error,
  context: LoadContext,
  startedAt: number,
): Promise<readonly LoadOutcome[]> {
  const culprit = failed[loads.length];
  const outcomes: LoadOutcome[] = [];
  for (const attempt of failed) {
    if (!("run" in attempt)) {
      const durationMs = Math.round(performance.now() - startedAt);
      outcomes.push({
        view: attempt.name,
        status: "failed",
        runId: null,
        durationMs,
        error,
        ...countsOfFailure(0, 0),
      });
      continue;
    }
    const { run, state } = attempt;
    const own =
      attempt === culprit || failed.length === 1
        ? error
        : new OtcError(
            error instanceof OtcError ? error.code : "internal",
            `Rolled back with the others: ${error.message}`,
            {
              cause: error,
            },
          );
    const load: FailedLoad = {
      view: run.view.name,
      status: "failed",
      runId: run.runId,
      durationMs: Math.round(performance.now() - run.startedAt),
      error: own,
      ...countsOfFailure(state.fetched, state.rejects.count),
    };
    const committed = loads.find((candidate) => candidate.runId === run.runId);
    outcomes.push((await wasCommitted(attempt, load, context)) && committed !== undefined ? committed : load);
  }
  return outcomes;
}

/**
 * Records a failed run and its rejects. That this fails as well is logged, and never hides the first error.
 *
 * @returns whether the run turns out to be committed: the connection broke after COMMIT had been done
 */
async function wasCommitted(
  { run, state }: Attempt,
  load: FailedLoad,
  context: LoadContext,
): Promise<boolean> {
  const { database, log } = context;
  try {
    const recorded = await recordFailure(database, database.schema, run, {
      code: load.error instanceof OtcError ? load.error.code : "internal",
      message: load.error.message,
      fetched: load.fetched,
      errors: load.errors,
    });
    if (!recorded) return true;
    await database.transaction((transaction) => state.rejects.store(transaction, database.schema));
  } catch (error) {
    log.error({ view: load.view, run: run.runId }, `the failure could not be recorded: ${reasonOf(error)}`);
  }
  return false;
}

function logOutcome(outcome: LoadOutcome, attempts: readonly Attempt[], context: LoadContext): void {
  const { view, runId, fetched, inserted, updated, skipped, errors, durationMs } = outcome;
  const counts = { view, run: runId, fetched, inserted, updated, skipped, errors, durationMs };
  if (outcome.status === "failed") {
    context.log.error({ ...counts, ...errorFields(outcome.error) }, `rolled back: ${outcome.error.message}`);
    return;
  }
  const reasons = attempts.find((attempt) => attempt.run.runId === runId)?.state.rejects.reasons ?? new Map();
  context.log[outcome.status === "partial" ? "warn" : "info"](
    {
      ...counts,
      ...(reasons.size === 0 ? {} : { quarantine: Object.fromEntries(reasons) as Record<string, number> }),
    },
    outcome.status === "partial" ? "committed, with records in quarantine" : "committed",
  );
  const { unknownFields, absentFields } = outcome.drift;
  if (unknownFields.size > 0) {
    context.log.warn(
      { view, run: runId, fields: Object.fromEntries(unknownFields) },
      "schema drift: unknown fields, kept in extra",
    );
  }
  if (fetched > 0 && absentFields.length > 0) {
    context.log.warn({ view, run: runId, fields: absentFields }, "schema drift: no record has these fields");
  }
}

function errorFields(error: Error): Record<string, string> {
  if (!(error instanceof OtcError)) return { stack: error.stack ?? "" };
  return { code: error.code, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(reasonOf(error));
}
