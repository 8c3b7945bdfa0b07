import type { Transaction } from "../database/database.ts";
import { withRollback } from "../database/with-rollback.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import {
  circuitOpenError,
  fetchFailed,
  fetchRefused,
  fetchSucceeded,
  passCircuit,
} from "../throttle/circuit.ts";
import { readLastFetchFailure } from "../runs/queries/read-last-fetch-failure.ts";
import type { LoadContext } from "./load-context.ts";
import { RequestLog } from "../throttle/request-log.ts";
import type { Attempt } from "./settle-failure.ts";

/** For the record of what OTC was asked: it must not hold up the record of the run. */
const RECORD_MS = 10_000;

interface ThrottledTransaction {
  /** Whether a document comes from OTC, and not from a file. */
  readonly asksOtc: boolean;
  /** Whether to COMMIT when `work` is done; a plan does not. */
  readonly keep: boolean;
  /** The loads in it, read when `work` has ended: some begin only inside. */
  readonly attempts: readonly Attempt[];
}

/**
 * Runs `work` in a transaction in which requests may be sent to OTC, unless the circuit is open. However it ends, the
 * requests and their answers are recorded afterwards.
 */
export async function withThrottledTransaction<T>(
  context: LoadContext,
  { asksOtc, keep, attempts }: ThrottledTransaction,
  work: (transaction: Transaction, requests: RequestLog) => Promise<T>,
): Promise<T> {
  const { database, log, signal, options } = context;
  if (asksOtc && !options.ignoreCircuit) {
    const open = await database.transaction(
      (transaction) => passCircuit(transaction, options.circuit),
      signal,
    );
    if (open !== undefined) throw circuitOpenError(open, await readLastFetchFailure(database));
  }
  let requests: RequestLog | undefined;
  const begun = async (transaction: Transaction): Promise<T> => {
    const limits = { limits: options.pace, maxWaitMs: options.maxPaceWaitMs };
    requests = new RequestLog(database, transaction, limits, log, signal);
    const result = await work(transaction, requests);
    for (const { state } of attempts) state.meter.beginCommit();
    return result;
  };
  try {
    return await (keep ? database.transaction(begun, signal) : withRollback(database, begun, signal));
  } catch (error) {
    for (const { state } of attempts) state.meter.end(error);
    throw error;
  } finally {
    for (const { state } of attempts) state.meter.end();
    if (asksOtc) await recordFetches(requests, attempts, context);
  }
}

/** What the next process has to know about OTC. */
async function recordFetches(
  requests: RequestLog | undefined,
  attempts: readonly Attempt[],
  { database, log, shutdown, options }: LoadContext,
): Promise<void> {
  try {
    await shutdown.within("requests", RECORD_MS, "the database did not answer in time", (end) =>
      database.transaction(async (transaction) => {
        await requests?.settle(transaction);
        for (const { state } of attempts) {
          if (state.fetch === "succeeded") await fetchSucceeded(transaction);
          if (state.fetch === "refused") await fetchRefused(transaction);
          if (state.fetch === "failed") await fetchFailed(transaction, options.circuit);
        }
      }, end),
    );
  } catch (error) {
    // The outcome of the load matters more than this failure, and must not be hidden by it.
    log.warn(
      { code: error instanceof OtcError ? error.code : "internal" },
      `requests not recorded: ${errorMessage(error)}`,
    );
  }
}
