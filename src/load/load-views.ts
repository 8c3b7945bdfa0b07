import { OtcError } from "../errors/otc-error.ts";
import { reasonOf } from "../errors/reason.ts";
import type { View } from "../views/view.ts";
import { fetchFailed, fetchSucceeded, passCircuit } from "./circuit.ts";
import type { LoadContext } from "./load-context.ts";
import { loadInTransaction, newLoadState } from "./load-in-transaction.ts";
import { logOutcome } from "./log-outcome.ts";
import type { CommittedLoad, LoadOutcome } from "./outcome.ts";
import { RejectDocument } from "./reject-document.ts";
import { RequestLog } from "./request-log.ts";
import { retryInTransaction } from "./retry-in-transaction.ts";
import { openRun } from "./run-log.ts";
import { type Attempt, settleFailure } from "./settle-failure.ts";
import { withTimeLimit } from "./time-limit.ts";

/** For the record of what OTC was asked: it must not hold up the record of the run. */
const RECORD_MS = 10_000;

/** An interrupted load has five seconds to end. */
const RECORD_WHEN_INTERRUPTED_MS = 500;

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
    const first = error instanceof Error ? error : new Error(reasonOf(error));
    outcomes = await settleFailure(all, loads, first, context, startedAt);
  } finally {
    for (const { state } of attempts) await state.rejects.dispose();
  }
  for (const outcome of outcomes) {
    const attempt = attempts.find(({ run }) => run.runId === outcome.runId);
    logOutcome(context.log, outcome, attempt?.state.rejects.reasons ?? new Map<string, number>());
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
  const { database, log, signal, options } = context;
  for (const view of views) {
    const run = await openRun(database, view, context.sourceOf(view), context.kind);
    attempts.push({ run, state: newLoadState(run) });
    log.info({ view: view.name, run: run.runId }, `${run.kind} begins`);
  }
  const asksOtc = attempts.some(({ run }) => run.source.kind === "api");
  if (asksOtc && !options.ignoreCircuit) await passCircuit(database, options.circuit);

  let requests: RequestLog | undefined;
  try {
    await database.transaction(async (transaction) => {
      requests = new RequestLog(
        database,
        transaction,
        { limits: options.pace, maxWaitMs: options.maxPaceWaitMs },
        log,
      );
      for (const { run, state } of attempts) {
        loads.push(
          run.source instanceof RejectDocument
            ? await retryInTransaction(transaction, run, run.source, context, requests, state)
            : await loadInTransaction(transaction, run, context, requests, state),
        );
      }
    }, signal);
  } finally {
    for (const { state } of attempts) state.meter.end();
    if (asksOtc) await recordFetches(requests, attempts, context);
  }
}

/** After the transaction has ended, in whatever way: what the next process has to know about OTC. */
async function recordFetches(
  requests: RequestLog | undefined,
  attempts: readonly Attempt[],
  { database, log, signal, options }: LoadContext,
): Promise<void> {
  const timeoutMs = signal.aborted ? RECORD_WHEN_INTERRUPTED_MS : RECORD_MS;
  try {
    await database.transaction(async (transaction) => {
      await requests?.settle(transaction);
      for (const { state } of attempts) {
        if (state.fetch === "succeeded") await fetchSucceeded(transaction, database.schema);
        if (state.fetch === "failed") await fetchFailed(transaction, database.schema, options.circuit);
      }
    }, AbortSignal.timeout(timeoutMs));
  } catch (error) {
    // The load's own outcome counts; it must not be hidden by this.
    log.warn(
      { code: error instanceof OtcError ? error.code : "internal" },
      `requests not recorded: ${reasonOf(error)}`,
    );
  }
}
