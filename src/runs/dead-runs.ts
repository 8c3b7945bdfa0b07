import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isInFuture } from "../database/clock.ts";
import type { Database, Queryable } from "../database/database.ts";
import { heldLocks, viewLock } from "../database/advisory-lock.ts";
import type { View } from "../views/view.ts";
import type { RecordedRun } from "./recorded-run.ts";
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
 * A load that waits for the view's lock takes it within a quarter of a second when it becomes free, and a load that fails
 * records its failure right after the rollback. A run is only dead if it still seems so after this time, in milliseconds.
 */
const CONFIRM_MS = 400;

const DEATH: Pick<RecordedRun, "status" | "errorCode" | "error" | "remedy" | "rollbacks"> = {
  status: "abandoned",
  errorCode: "internal",
  error:
    "The process ended without recording an outcome (killed, crashed or cut off). Its transaction was rolled back.",
  remedy:
    "Load the view again: its table is as it was before. The system log of the host may say what ended the process, such as too little memory.",
  rollbacks: 1,
};

/**
 * Decides which runs are dead: their records say `running`, but no session holds the lock of their view, so that no process
 * is loading it. Everything that reads or marks dead runs uses this decision.
 *
 * @param isOnlyProcess whether no other process can have the database open, as with an embedded one
 * @returns their ids
 */
async function readDeadRuns(
  database: Queryable,
  views: readonly string[],
  isOnlyProcess = false,
): Promise<readonly number[]> {
  const suspects = await readSuspects(database, views, isOnlyProcess);
  if (suspects.length === 0) return [];
  await sleep(CONFIRM_MS);
  const confirmed = await readSuspects(database, views, isOnlyProcess);
  return suspects.filter((runId) => confirmed.includes(runId));
}

async function readSuspects(
  database: Queryable,
  views: readonly string[],
  isOnlyProcess: boolean,
): Promise<readonly number[]> {
  // A standby has the records, but not the locks, of the server that the loads use.
  const { rows } = await database.query<{
    runId: number;
    view: string;
    host: string;
    pid: number;
    young: boolean;
  }>(
    `select run_id as "runId", view_name as "view", host, pid,
       load_start > now() - make_interval(secs => $2) and not ${isInFuture("load_start")} as young
     from ${runTable(database.schema)}
     where view_name = any($1::text[]) and load_status = 'running' and not pg_is_in_recovery()`,
    [views, OPENING_SECONDS],
  );
  if (rows.length === 0) return [];
  const held = await heldLocks(
    database,
    views.map((view) => viewLock(view)),
  );
  const mayBeOpening = (run: { host: string; pid: number; young: boolean }): boolean =>
    !isOnlyProcess && run.young && (run.host !== hostname() || processLives(run.pid));
  return rows.filter((run) => !held.has(viewLock(run.view)) && !mayBeOpening(run)).map(({ runId }) => runId);
}

/** Shows dead runs as abandoned, although their records still say `running`. The next load of the view marks them. */
export async function showDeadRuns<Run extends RecordedRun>(
  database: Queryable,
  runs: readonly Run[],
): Promise<readonly Run[]> {
  const running = runs.filter(({ status }) => status === "running");
  if (running.length === 0) return runs;
  const dead = await readDeadRuns(database, [...new Set(running.map(({ view }) => view))]);
  return runs.map((run) => (dead.includes(run.runId) ? { ...run, ...DEATH } : run));
}

/** Marks the runs of dead processes as abandoned. */
export async function abandonDeadRuns(transaction: Queryable, database: Database, view: View): Promise<void> {
  const dead = await readDeadRuns(transaction, [view.name], !database.backend.separateSessions);
  if (dead.length === 0) return;
  await transaction.query(
    `update ${runTable(database.schema)}
     set load_status = $2, load_end = now(), error_code = $3, error_message = $4, error_remedy = $5, rollbacks = $6
     where run_id = any($1::bigint[]) and load_status = 'running'`,
    [dead, DEATH.status, DEATH.errorCode, DEATH.error, DEATH.remedy, DEATH.rollbacks],
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
