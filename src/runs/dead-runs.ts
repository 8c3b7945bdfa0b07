import { hostname } from "node:os";
import type { Database, Queryable } from "../database/database.ts";
import { isLocked, viewLock } from "../database/advisory-lock.ts";
import type { View } from "../views/view.ts";
import { runTable } from "./run-log.ts";

/**
 * A run is opened some milliseconds before its transaction takes the view's lock. A run this young, in seconds, whose
 * process may live is therefore not given up.
 */
const OPENING_SECONDS = 10;

/** A load that is running, by its record. */
interface Holder {
  readonly runId: number;
  readonly host: string;
  readonly pid: number;
  readonly since: Date;
}

/**
 * Marks the runs of dead processes as abandoned. When the view's lock is free nobody is loading it, so whoever is still
 * `running` on record is dead (or is just opening).
 */
export async function abandonDeadRuns(transaction: Queryable, database: Database, view: View): Promise<void> {
  if (await isLocked(transaction, viewLock(view.name))) return;
  const { rows } = await transaction.query<{ run_id: number; host: string; pid: number; young: boolean }>(
    `select run_id, host, pid, load_start > now() - make_interval(secs => $2) as young
     from ${runTable(database.schema)}
     where view_name = $1 and load_status = 'running'`,
    [view.name, OPENING_SECONDS],
  );
  // Nobody else can have an embedded database open.
  const mayBeOpening = (run: { host: string; pid: number; young: boolean }): boolean =>
    database.engine !== "embedded" && run.young && (run.host !== hostname() || processLives(run.pid));
  const dead = rows.filter((run) => !mayBeOpening(run)).map((run) => run.run_id);
  if (dead.length === 0) return;
  await transaction.query(
    `update ${runTable(database.schema)}
     set load_status = 'abandoned', load_end = now(), error_code = 'internal', rollbacks = 1,
       error_message = 'The process ended without a word (killed, crashed or cut off); its transaction was rolled back.'
     where run_id = any($1::bigint[]) and load_status = 'running'`,
    [dead],
  );
}

/** The run that is loading the view, as far as it is on record. */
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
  // The oldest holds the view, later ones only ask for it; a dead one is merely not marked yet.
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
