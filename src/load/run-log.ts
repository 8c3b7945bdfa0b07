import { hostname } from "node:os";
import { type ErrorCode, OtcError } from "../errors/otc-error.ts";
import { isLocked, viewLock } from "../database/advisory-lock.ts";
import type { Database, Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { DocumentSource } from "../source/document-source.ts";
import type { View } from "../views/view.ts";
import { packageVersion } from "../config/package-version.ts";
import type { CommittedLoad } from "./outcome.ts";

/** A run on record in `etl_metadata`. */
export interface Run {
  readonly runId: number;
  readonly view: View;
  readonly source: DocumentSource;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** The running load that stands in the way. */
interface Holder {
  readonly runId: number;
  readonly host: string;
  readonly pid: number;
  readonly since: Date;
}

function runTable(schema: string): string {
  return qualifiedName(schema, "etl_metadata");
}

/**
 * A run is opened some milliseconds before its transaction takes the view's lock. A run this young, in seconds, whose
 * process may live is therefore not given up.
 */
const OPENING_SECONDS = 10;

/**
 * Records that a load begins, committed at once, so that even a crash leaves a trace. Runs of dead processes are marked
 * abandoned on the way.
 */
export async function openRun(database: Database, view: View, source: DocumentSource): Promise<Run> {
  const startedAt = performance.now();
  const runId = await database.transaction(async (transaction) => {
    if (!(await isLocked(transaction, database.schema, viewLock(view.name)))) {
      await abandonDeadRuns(transaction, database, view);
    }
    const { rows } = await transaction.query<{ run_id: number }>(
      `insert into ${runTable(database.schema)} (view_name, load_status, source, host, pid, otc_etl_version)
       values ($1, 'running', $2, $3, $4, $5)
       returning run_id`,
      [view.name, source.origin, hostname(), process.pid, packageVersion()],
    );
    return rows[0]?.run_id;
  });
  if (runId === undefined) throw new OtcError("internal", "The run could not be recorded.");
  return { runId, view, source, startedAt };
}

/** The view's lock is free, so nobody is loading it: whoever is still `running` on record is dead (or just opening). */
async function abandonDeadRuns(transaction: Queryable, database: Database, view: View): Promise<void> {
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
     set load_status = 'abandoned', load_end = now(), error_code = 'internal',
       error_message = 'The process ended without a word (killed, crashed or cut off); its transaction was rolled back.'
     where run_id = any($1::bigint[]) and load_status = 'running'`,
    [dead],
  );
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The run that is loading the view, as far as it is on record. */
export async function findHolder(
  database: Queryable,
  schema: string,
  view: View,
  ownRunId: number,
): Promise<Holder | undefined> {
  const { rows } = await database.query<{ run_id: number; host: string; pid: number; load_start: Date }>(
    `select run_id, host, pid, load_start
     from ${runTable(schema)}
     where view_name = $1 and load_status = 'running' and run_id <> $2
     order by run_id`,
    [view.name, ownRunId],
  );
  // The oldest holds the view, later ones only ask for it; a dead one is merely not marked yet.
  const row = rows.find((run) => run.host !== hostname() || processLives(run.pid));
  return row === undefined
    ? undefined
    : { runId: row.run_id, host: row.host, pid: row.pid, since: row.load_start };
}

/** How many records the view's last committed load fetched. */
export async function lastFetched(
  database: Queryable,
  schema: string,
  view: View,
): Promise<number | undefined> {
  const { rows } = await database.query<{ records_fetched: number }>(
    `select records_fetched
     from ${runTable(schema)}
     where view_name = $1 and load_status in ('success', 'partial')
     order by run_id desc
     limit 1`,
    [view.name],
  );
  return rows[0]?.records_fetched;
}

/** Closes a run in the load's own transaction: the rows and their record are committed together or not at all. */
export async function closeRun(
  transaction: Queryable,
  schema: string,
  load: CommittedLoad,
  repairs: { readonly nulsRemoved: number; readonly surrogatesReplaced: number },
): Promise<void> {
  const { rowCount } = await transaction.query(
    `update ${runTable(schema)}
     set load_status = $2, load_end = clock_timestamp(), last_load_time = clock_timestamp(),
       load_duration_seconds = $3,
       records_fetched = $4, records_inserted = $5, records_updated = $6, records_skipped = $7, records_errors = $8,
       records_unchanged = $9, records_duplicates = $10,
       payload_bytes = $11, payload_sha256 = $12, nuls_removed = $13, surrogates_replaced = $14,
       unknown_fields = $15::text::jsonb, absent_fields = $16::text::jsonb
     where run_id = $1`,
    [
      load.runId,
      load.status,
      load.durationMs / 1000,
      load.fetched,
      load.inserted,
      load.updated,
      load.skipped,
      load.errors,
      load.unchanged,
      load.duplicates,
      load.payloadBytes,
      load.payloadSha256,
      repairs.nulsRemoved,
      repairs.surrogatesReplaced,
      JSON.stringify(Object.fromEntries(load.drift.unknownFields)),
      JSON.stringify(load.drift.absentFields),
    ],
  );
  if (rowCount !== 1) {
    throw new OtcError(
      "internal",
      `Run ${load.runId} is no longer on record in etl_metadata; nothing was loaded.`,
    );
  }
}

/** What is known of a load that failed. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fetched: number;
  readonly errors: number;
}

/**
 * Records a failure, after the rollback and on its own.
 *
 * @returns false when the run is on record as committed: the connection broke after COMMIT had been done
 */
export async function recordFailure(
  database: Queryable,
  schema: string,
  run: Run,
  failure: Failure,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update ${runTable(schema)}
     set load_status = 'failed', load_end = clock_timestamp(), load_duration_seconds = $2,
       error_code = $3, error_message = $4, records_fetched = $5, records_errors = $6
     where run_id = $1 and load_status not in ('success', 'partial')`,
    [
      run.runId,
      (performance.now() - run.startedAt) / 1000,
      failure.code,
      // What JSON.parse says quotes the document, which may hold what PostgreSQL cannot.
      failure.message.replaceAll("\0", "\\u0000"),
      failure.fetched,
      failure.errors,
    ],
  );
  return rowCount === 1;
}
