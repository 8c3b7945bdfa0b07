import { errorMessage } from "../errors/error-message.ts";
import type { Transaction } from "../database/database.ts";
import { abandonDeadRuns } from "../runs/dead-runs.ts";
import type { CommittedLoad, LoadOutcome } from "../runs/outcome.ts";
import { holdTimeZone } from "../runs/pinned-time-zone.ts";
import { openRun } from "../runs/run-log.ts";
import type { RequestLog } from "../throttle/request-log.ts";
import type { View } from "../views/view.ts";
import type { LoadContext } from "./load-context.ts";
import { disposeLoadState, newLoadState } from "./load-in-progress.ts";
import { loadInTransaction } from "./load-in-transaction.ts";
import { logOutcome } from "./log-outcome.ts";
import { refreshDerived } from "./refresh-derived.ts";
import { type Attempt, settleFailure } from "./settle-failure.ts";
import { withTimeLimit } from "./time-limit.ts";
import { traceOutcome, traceRun } from "./trace-run.ts";
import { withThrottledTransaction } from "./with-throttled-transaction.ts";

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
    outcomes.push(...(await new JointLoad([view], context).run(onOutcome)));
  }
  return outcomes;
}

/** Loads the views in ONE transaction: all of them are committed or none. */
export async function loadViewsAtomically(
  views: readonly View[],
  context: LoadContext,
  onOutcome: (outcome: LoadOutcome) => void,
): Promise<readonly LoadOutcome[]> {
  return new JointLoad(views, context).run(onOutcome);
}

/** The loads of one transaction: all of them are committed or none. It owns what is known of each when that fails. */
class JointLoad {
  readonly #views: readonly View[];
  readonly #context: LoadContext;
  /** Every run that was opened, in the order of the views. */
  readonly #attempts: Attempt[] = [];
  /** Every load that is ready to be committed. */
  readonly #loads: CommittedLoad[] = [];

  constructor(views: readonly View[], context: LoadContext) {
    this.#views = views;
    this.#context = context;
  }

  /** @param onOutcome told of each load, when all are committed or rolled back */
  async run(onOutcome: (outcome: LoadOutcome) => void): Promise<readonly LoadOutcome[]> {
    const outcomes = await this.#outcomes();
    for (const outcome of outcomes) {
      const attempt = this.#attempts.find(({ run }) => run.runId === outcome.runId);
      logOutcome(this.#context.log, outcome, this.#context.kind, attempt?.state.rejects);
      traceOutcome(attempt?.state.span, outcome);
      onOutcome(outcome);
    }
    return outcomes;
  }

  async #outcomes(): Promise<readonly LoadOutcome[]> {
    const startedAt = performance.now();
    const { options, signal } = this.#context;
    try {
      await withTimeLimit(options.timeoutMs, signal, (limited) =>
        this.#load({ ...this.#context, signal: limited }),
      );
      return this.#loads;
    } catch (error) {
      const all = this.#views.map((view) => this.#attempts.find(({ run }) => run.view === view) ?? view);
      const first = error instanceof Error ? error : new Error(errorMessage(error));
      return await settleFailure(all, this.#loads, first, this.#context, startedAt);
    } finally {
      for (const { state } of this.#attempts) await disposeLoadState(state);
    }
  }

  async #load(context: LoadContext): Promise<void> {
    for (const view of this.#views) await this.#open(view, context);
    const asksOtc = this.#attempts.some(({ run }) => run.source.kind === "api");
    await withThrottledTransaction(
      context,
      { asksOtc, keep: true, attempts: this.#attempts },
      (transaction, requests) => this.#write(transaction, requests, context),
    );
  }

  /** The run is committed at once, so that even a crash leaves a trace. */
  async #open(view: View, context: LoadContext): Promise<void> {
    const { database, log, sourceOf, kind, options, tracing, signal } = context;
    const run = await database.transaction(async (transaction) => {
      await abandonDeadRuns(transaction, database, view);
      return openRun(transaction, view, sourceOf(view), kind);
    }, signal);
    this.#attempts.push({ run, state: newLoadState(run, options, traceRun(tracing, run)) });
    log.info({ view: view.name, run: run.runId }, `${run.kind} begins`);
  }

  async #write(transaction: Transaction, requests: RequestLog, context: LoadContext): Promise<void> {
    await holdTimeZone(transaction, context.options.timeZone.name, this.#views);
    for (const { run, state } of this.#attempts) {
      this.#loads.push(await loadInTransaction(transaction, run, context, requests, state));
    }
    const written = this.#views.filter((_, index) => {
      const load = this.#loads[index];
      return load !== undefined && changesTable(load);
    });
    // The views of the transaction share it, so it is recorded with the last one.
    await this.#attempts
      .at(-1)
      ?.state.meter.trace("refresh", () => refreshDerived(transaction, written, context));
  }
}

function changesTable({ inserted, updated, missing, returned, rekeyed }: CommittedLoad): boolean {
  return inserted + updated + missing + returned + rekeyed > 0;
}
