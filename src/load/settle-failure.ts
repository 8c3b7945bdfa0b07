import pRetry from "p-retry";
import { DatabaseError } from "../database/database-error.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import type { LoadContext } from "./load-context.ts";
import type { LoadState } from "./load-in-progress.ts";
import {
  type CommittedLoad,
  countsOfFailure,
  type FailedLoad,
  type LoadOutcome,
  unbegunLoad,
} from "../runs/outcome.ts";
import { recordFailure, type Run } from "../runs/run-log.ts";

/** A run and what it has seen. */
export interface Attempt {
  readonly run: Run;
  readonly state: LoadState;
}

/** How long a database that is restarting is waited for, to record a failure in it; in milliseconds. */
const PATIENCE_MS = 20_000;

/** An interrupted load has five seconds to end. */
const PATIENCE_WHEN_INTERRUPTED_MS = 2000;

/**
 * Records after a rollback what happened, for each run separately. The first error is reported.
 *
 * @param all the runs that were opened, in order, and the views whose run could not be
 * @param loads those that had come as far as their COMMIT
 * @param error what ended them all
 */
export async function settleFailure(
  all: readonly (Attempt | View)[],
  loads: readonly CommittedLoad[],
  error: Error,
  context: LoadContext,
  startedAt: number,
): Promise<readonly LoadOutcome[]> {
  const culprit = all[loads.length];
  const outcomes: LoadOutcome[] = [];
  for (const attempt of all) {
    const own = attempt === culprit || all.length === 1 ? error : rolledBackWith(error);
    if (!("run" in attempt)) {
      outcomes.push(unbegunLoad(attempt.name, own, performance.now() - startedAt));
      continue;
    }
    const { run, state } = attempt;
    const failed: FailedLoad = {
      view: run.view.name,
      status: "failed",
      runId: run.runId,
      durationMs: Math.round(performance.now() - run.startedAt),
      archive: state.archive,
      error: own,
      ...countsOfFailure(state.fetched, state.rejects.count),
    };
    const recorded = await recordPatiently(attempt, failed, context);
    const committed = loads.find((load) => load.runId === run.runId);
    outcomes.push(recorded === "was committed" && committed !== undefined ? committed : failed);
  }
  return outcomes;
}

function rolledBackWith(error: Error): OtcError {
  const code = error instanceof OtcError ? error.code : "internal";
  return new OtcError(code, `Rolled back with the others: ${error.message}`, { cause: error });
}

/**
 * Records a failed run and its rejects, waiting a while for a database that went away. That this fails as well is
 * logged, and never hides the first error; the next load then marks the run as abandoned.
 *
 * @returns `was committed` when the connection broke after COMMIT had been done
 */
async function recordPatiently(
  { run, state }: Attempt,
  failed: FailedLoad,
  { database, log, signal }: LoadContext,
): Promise<"recorded" | "was committed" | "not recorded"> {
  const code = failed.error instanceof OtcError ? failed.error.code : "internal";
  const patience = new Patience(signal);
  const record = (): Promise<"recorded" | "was committed"> =>
    database.transaction(async (transaction) => {
      const done = await recordFailure(transaction, run, {
        code,
        message: failed.error.message,
        fetched: failed.fetched,
        errors: failed.errors,
        document: state.document,
        archive: failed.archive,
        rolledBack: state.meter.begun,
        metrics: state.meter.metrics,
      });
      if (!done) return "was committed";
      if (run.source.quarantined !== true) await state.rejects.store(transaction);
      return "recorded";
    }, patience.end);
  try {
    return await pRetry(record, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 100,
      maxTimeout: 1000,
      signal: patience.end,
      shouldRetry: ({ error }) => error instanceof DatabaseError && error.isConnectionProblem,
    });
  } catch (error) {
    log.error(
      { view: failed.view, run: run.runId },
      `the failure could not be recorded: ${errorMessage(error)}`,
    );
    return "not recorded";
  } finally {
    patience.stop();
  }
}

/** Ends after a while; soon when the load is, or gets, interrupted. */
class Patience {
  readonly #end = new AbortController();
  readonly #interruption: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(interruption: AbortSignal) {
    this.#interruption = interruption;
    this.#timer = this.#endIn(interruption.aborted ? PATIENCE_WHEN_INTERRUPTED_MS : PATIENCE_MS);
    interruption.addEventListener("abort", this.#hurry, { once: true });
  }

  get end(): AbortSignal {
    return this.#end.signal;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#interruption.removeEventListener("abort", this.#hurry);
  }

  readonly #hurry = (): void => {
    clearTimeout(this.#timer);
    this.#timer = this.#endIn(PATIENCE_WHEN_INTERRUPTED_MS);
  };

  #endIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#end.abort(new Error("the database did not come back in time"));
    }, ms);
  }
}
