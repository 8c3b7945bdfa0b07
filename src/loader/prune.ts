import { pruneRejects } from "../runs/rejects/read-rejects.ts";
import { pruneRuns } from "../runs/prune-runs.ts";
import { pruneRequests } from "../throttle/prune-requests.ts";
import type { Loader } from "./loader.ts";

/** What was deleted. */
export interface Pruned {
  readonly rejects: number;
  readonly runs: number;
  readonly requests: number;
}

/** Rows per statement, each in a transaction of its own: no lock is held for long, and a stop loses little. */
const BATCH_ROWS = 1000;

/**
 * Deletes rejected records, runs and requests that are older than the settings keep them. The tables of the views and
 * the history of tickets are not changed.
 *
 * @param signal ends it between two batches
 */
export async function prune(loader: Loader, signal: AbortSignal): Promise<Pruned> {
  const { keepRunsMs: runsMs, keepRejectsMs: rejectsMs } = loader.settings;
  const database = await loader.database();
  const all = async (deleteBatch: () => Promise<number>): Promise<number> => {
    let deleted = 0;
    for (let batch = BATCH_ROWS; batch === BATCH_ROWS && !signal.aborted; deleted += batch) {
      batch = await deleteBatch();
    }
    return deleted;
  };
  return {
    // Before the runs, which stay as long as they have rejected records.
    rejects: rejectsMs === 0 ? 0 : await all(() => pruneRejects(database, rejectsMs, BATCH_ROWS)),
    runs: runsMs === 0 ? 0 : await all(() => pruneRuns(database, runsMs, BATCH_ROWS)),
    requests: await all(() => pruneRequests(database, BATCH_ROWS)),
  };
}
