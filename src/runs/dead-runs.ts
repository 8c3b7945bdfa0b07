import { hostname } from "node:os";
import { isInFuture } from "../database/clock.ts";
import type { Database, Queryable } from "../database/database.ts";
import { isLocked, viewLock } from "../database/advisory-lock.ts";
import type { View } from "../views/view.ts";
import { runTable } from "./run-log.ts";

/**
 * A run is recorded some milliseconds before its transaction takes the view's lock. Therefore a run that is younger than
 * this many seconds, and whose process may be alive, is not marked as abandoned.
 */
const OPENING_SECONDS = 10;

/** A running load, according to its record. */
interface Holder {
  readonly runId: number;
  readonly host: string;
  readonly pid: number;
  readonly since: Date;
}

/**
 * Marks the runs of dead processes as abandoned. When the view's lock is free, no process is loading the view. A run whose
 * record still says `running` is then dead, or is just beginning.
 */
export async function abandonDeadRuns(transaction: Queryable, database: Database, view: View): Promise<void> {
  if (await isLocked(transaction, viewLock(view.name))) return;
  const { rows } = await transaction.query<{ run_id: number; host: string; pid: number; young: boolean }>(
    `select run_id, host, pid, load_start > now() - make_interval(secs => $2) and not ${isInFuture("load_start")} as young
     from ${runTable(database.schema)}
     where view_name = $1 and load_status = 'running'`,
    [view.name, OPENING_SECONDS],
  );
  // No other process can have an embedded database open.
  const mayBeOpening = (run: { host: string; pid: number; young: boolean }): boolean =>
    database.engine !== "embedded" && run.young && (run.host !== hostname() || processLives(run.pid));
  const dead = rows.filter((run) => !mayBeOpening(run)).map((run) => run.run_id);
  if (dead.length === 0) return;
  await transaction.query(
    `update ${runTable(database.schema)}
     set load_status = 'abandoned', load_end = now(), error_code = 'internal', rollbacks = 1,
       error_message = 'The process ended without recording an outcome (killed, crashed or cut off). Its transaction was rolled back.'
     where run_id = any($1::bigint[]) and load_status = 'running'`,
    [dead],
  );
}

/** The run that is loading the view, according to the run records. */
export async function findHolder(
  database: Queryable,
  view: View,
  ownRunId: number,
): Promise<Holder | undefined> {
  const { rows } = await database.query<Holder>(
    `select run_id as "runId", host, pid, load_start as "since"
     from ${runTable(database.schema)}
     where view_name = $1 and load_status = 'running' and run_id <> $2
     order by run_id`,
    [view.name, ownRunId],
  );
  // The oldest living run holds the lock, and later ones wait for it. A dead run may not have been marked yet.
  return rows.find((run) => run.host !== hostname() || processLives(run.pid));
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
