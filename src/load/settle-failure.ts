import pRetry from "p-retry";
import { DatabaseError } from "../database/database-error.ts";
import { OtcError } from "../errors/otc-error.ts";
import { describeFailure } from "../errors/describe-failure.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { Shutdown, ShutdownStep } from "../shutdown/shutdown.ts";
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
import { storeRejects } from "../runs/rejects/store-rejects.ts";
import { recordFailure, recordStoredRejects, type Run } from "../runs/run-log.ts";
import { formatNumberOf } from "../format/format.ts";

/** A run and what it has seen. */
export interface Attempt {
  readonly run: Run;
  readonly state: LoadState;
}

/** How long a database that is restarting is waited for, in milliseconds. */
const FAILURE_PATIENCE_MS = 20_000;

/** How long it may take to store the rejected records, in milliseconds. The failure is on record by then, and they may be many. */
const REJECTS_PATIENCE_MS = 300_000;

/**
 * After a rollback: records what happened, each run on its own, and then the rejected records. The first error is the one
 * reported.
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
  const failures: Attempt[] = [];
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
    if (recorded === "recorded") failures.push(attempt);
    const committed = loads.find((load) => load.runId === run.runId);
    outcomes.push(recorded === "was committed" && committed !== undefined ? committed : failed);
  }
  for (const attempt of failures) await quarantineRejects(attempt, context);
  return outcomes;
}

function rolledBackWith(error: Error): OtcError {
  const code = error instanceof OtcError ? error.code : "internal";
  return new OtcError(code, `Rolled back with the others: ${error.message}`, {
    cause: error,
    ...(error instanceof OtcError && error.remedy !== undefined ? { remedy: error.remedy } : {}),
  });
}

/**
 * Records a failed run, waiting a while for a database that went away. That this fails as well is logged, and never hides
 * the first error; the next load then marks the run as abandoned.
 *
 * @returns `was committed` when the connection broke after COMMIT had been done
 */
async function recordPatiently(
  { run, state }: Attempt,
  failed: FailedLoad,
  { database, log, shutdown }: LoadContext,
): Promise<"recorded" | "was committed" | "not recorded"> {
  const { code, remedy } = describeFailure(failed.error);
  try {
    return await patiently(shutdown, "failure", FAILURE_PATIENCE_MS, (end) =>
      database.transaction(async (transaction) => {
        const done = await recordFailure(transaction, run, {
          code,
          message: failed.error.message,
          remedy: remedy ?? undefined,
          fetched: failed.fetched,
          errors: failed.errors,
          rejects: state.rejects,
          document: state.document,
          archive: failed.archive,
          rolledBack: state.meter.begun,
          metrics: state.meter.metrics,
        });
        return done ? "recorded" : "was committed";
      }, end),
    );
  } catch (error) {
    log.error(
      { view: failed.view, run: run.runId },
      `the failure could not be recorded: ${errorMessage(error)}`,
    );
    return "not recorded";
  }
}

/** Stores the rejected records of a failed run that is on record. If this fails, the run still says how many there were. */
async function quarantineRejects(
  { run, state }: Attempt,
  { database, log, shutdown }: LoadContext,
): Promise<void> {
  const { rejects } = state;
  if (run.source.quarantined === true || rejects.count === 0) return;
  try {
    await patiently(shutdown, "rejects", REJECTS_PATIENCE_MS, (end) =>
      database.transaction(async (transaction) => {
        const seenAgain = await storeRejects(transaction, run, rejects);
        await recordStoredRejects(transaction, run.runId, { stored: rejects.stored, seenAgain });
      }, end),
    );
  } catch (error) {
    log.error(
      { view: run.view.name, run: run.runId },
      `the failure is recorded, but not its ${formatNumberOf(rejects.count, "rejected record")}: ${errorMessage(error)}`,
    );
  }
}

/** Repeats `work` as long as the database cannot be reached and the step has time. */
function patiently<T>(
  shutdown: Shutdown,
  step: ShutdownStep,
  ms: number,
  work: (end: AbortSignal) => Promise<T>,
): Promise<T> {
  return shutdown.within(step, ms, "the database did not come back in time", (end) =>
    pRetry(() => work(end), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 100,
      maxTimeout: 1000,
      signal: end,
      shouldRetry: ({ error }) => error instanceof DatabaseError && error.isConnectionProblem,
    }),
  );
}
