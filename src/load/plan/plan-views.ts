import { errorMessage } from "../../errors/error-message.ts";
import type { View } from "../../views/view.ts";
import { withThrottledTransaction } from "../with-throttled-transaction.ts";
import type { LoadContext } from "../load-context.ts";
import { disposeLoadState, newLoadState } from "../load-in-progress.ts";
import { loadInTransaction } from "../load-in-transaction.ts";
import { countsOfFailure } from "../../runs/outcome.ts";
import { logPlan } from "./log-plan.ts";
import type { PlannedLoad, PlanOutcome } from "./plan-outcome.ts";
import { PlanReport } from "./plan-report.ts";
import { openPlannedRun } from "../../runs/run-log.ts";
import type { Attempt } from "../settle-failure.ts";
import { withTimeLimit } from "../time-limit.ts";

/**
 * Plans the views in turn: each is loaded in a transaction of its own, by the code of a load, and rolled back. Only the
 * record of the requests to OTC stays. The run is inserted in the same transaction, so it is rolled back as well.
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
    const outcome = await new Rehearsal(view, context, samples).run();
    onOutcome(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** The load of one view that is rolled back. It owns what is known of the load when it fails. */
class Rehearsal {
  readonly #view: View;
  readonly #context: LoadContext;
  readonly #report: PlanReport;
  /** The load, once its run is opened. */
  readonly #attempts: Attempt[] = [];

  constructor(view: View, context: LoadContext, samples: number) {
    this.#view = view;
    this.#report = new PlanReport(samples);
    this.#context = { ...context, observer: this.#report };
  }

  async run(): Promise<PlanOutcome> {
    const { log } = this.#context;
    log.info({ view: this.#view.name }, "plan begins");
    const outcome = await this.#outcome();
    logPlan(log, outcome, this.#context.kind);
    return outcome;
  }

  async #outcome(): Promise<PlanOutcome> {
    const startedAt = performance.now();
    const { options, signal } = this.#context;
    try {
      return await withTimeLimit(options.timeoutMs, signal, (limited) =>
        this.#rehearse({ ...this.#context, signal: limited }),
      );
    } catch (error) {
      const state = this.#attempts[0]?.state;
      return {
        view: this.#view.name,
        status: "failed",
        runId: null,
        durationMs: Math.round(performance.now() - startedAt),
        archive: { file: null, error: null },
        error: error instanceof Error ? error : new Error(errorMessage(error)),
        ...countsOfFailure(state?.fetched ?? 0, state?.rejects.count ?? 0),
      };
    } finally {
      for (const { state } of this.#attempts) await disposeLoadState(state);
    }
  }

  #rehearse(context: LoadContext): Promise<PlannedLoad> {
    const source = context.sourceOf(this.#view);
    const asking = { asksOtc: source.kind === "api", keep: false, attempts: this.#attempts };
    return withThrottledTransaction(context, asking, async (transaction, requests) => {
      const run = await openPlannedRun(transaction, this.#view, source, context.kind);
      const state = newLoadState(run, context.options);
      this.#attempts.push({ run, state });
      const load = await loadInTransaction(transaction, run, context, requests, state);
      return {
        ...load,
        status: "planned",
        runId: null,
        quarantine: Object.fromEntries(state.rejects.reasons),
        changes: this.#report.changes,
        duplicateKeys: this.#report.duplicateKeys,
        missingRows: this.#report.missing,
        guards: this.#report.guards,
      };
    });
  }
}
