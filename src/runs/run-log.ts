import { hostname } from "node:os";
import type { ArchiveResult } from "../archive/document-copy.ts";
import { packageVersion } from "../config/package-version.ts";
import type { Parameter, Queryable } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { type ErrorCode, OtcError } from "../errors/otc-error.ts";
import type { TextRepairs } from "../views/values/text.ts";
import type { View } from "../views/view.ts";
import type { LoadSource } from "./load-source.ts";
import type { CommittedLoad } from "./outcome.ts";
import type { RunKind } from "./run-kind.ts";
import type { RunMetrics } from "./run-metrics.ts";

/** A run that is recorded in `etl_metadata`. */
export interface Run {
  /** Negative of a plan, whose run is rolled back. */
  readonly runId: number;
  readonly view: View;
  readonly source: LoadSource;
  readonly kind: RunKind;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** The table of runs, quoted and with its schema. */
export function runTable(schema: string): string {
  return qualifiedName(schema, "etl_metadata");
}

/**
 * Of the table of runs: the loads that tell what OTC had when they were committed. Those with the highest `run_id` are
 * the last ones.
 */
export const IS_COMMITTED_LOAD = "kind = 'load' and load_status in ('success', 'partial')";

/** Records the beginning of a run. */
export function openRun(transaction: Queryable, view: View, source: LoadSource, kind: RunKind): Promise<Run> {
  return insertRun(transaction, view, source, kind, "default");
}

/**
 * Begins the run of a plan, in the transaction that is rolled back. It takes no number from the sequence, which a
 * rollback does not set back: its number is that of the session, negative, so that plans at the same time have
 * different ones.
 */
export function openPlannedRun(
  transaction: Queryable,
  view: View,
  source: LoadSource,
  kind: RunKind,
): Promise<Run> {
  return insertRun(transaction, view, source, kind, "-pg_backend_pid()");
}

/** Whether the run is that of a plan. */
export function isPlanned({ runId }: Pick<Run, "runId">): boolean {
  return runId < 0;
}

async function insertRun(
  transaction: Queryable,
  view: View,
  source: LoadSource,
  kind: RunKind,
  runIdExpression: string,
): Promise<Run> {
  const startedAt = performance.now();
  const { rows } = await transaction.query<{ run_id: number }>(
    `insert into ${runTable(transaction.schema)}
       (run_id, view_name, kind, load_status, source, host, pid, otc_etl_version)
     overriding system value
     values (${runIdExpression}, $1, $2, 'running', $3, $4, $5, $6)
     returning run_id`,
    [view.name, kind, source.origin, hostname(), process.pid, packageVersion()],
  );
  const runId = rows[0]?.run_id;
  if (runId === undefined) throw new OtcError("internal", "The run could not be recorded.");
  return { runId, view, source, kind, startedAt };
}

/** The values that a load needs from the record of the view's last committed load. */
export interface LastLoad {
  readonly fetched: number;
  /** Null of a run of an older script that did not say. */
  readonly startedAt: Date | null;
  /** As in `SchemaDrift`. */
  readonly unknownFields: Readonly<Record<string, number>>;
  readonly absentFields: readonly string[];
}

/** The view's last committed load. Imports and replays say nothing about what OTC sends now. */
export async function readLastLoad(database: Queryable, view: View): Promise<LastLoad | undefined> {
  const { rows } = await database.query<LastLoad>(
    `select records_fetched as "fetched", load_start as "startedAt", coalesce(unknown_fields, '{}') as "unknownFields",
       coalesce(absent_fields, '[]') as "absentFields"
     from ${runTable(database.schema)}
     where view_name = $1 and ${IS_COMMITTED_LOAD}
       and records_fetched is not null
     order by run_id desc
     limit 1`,
    [view.name],
  );
  return rows[0];
}

/** The rejected records of a run, as far as its record has them. */
interface RejectFigures {
  /** How many there are for each reason and field. */
  readonly reasons: ReadonlyMap<string, number>;
  /** How many of them `etl_rejects` has. */
  readonly stored: number;
  /** Which of them it had before: their ids, as text of an `int8multirange`; null when there are none. */
  readonly seenAgain: string | null;
}

/** The recorded values of a committed run that its outcome does not contain. */
interface Closing extends Readonly<TextRepairs> {
  readonly rejects: RejectFigures;
  /** The number of rows in the view's table now. */
  readonly tableRows: number;
  /** Records of rows that were known by their fingerprints. */
  readonly known: number;
  /** As in the column `left_mark`. */
  readonly leftMark: string | undefined;
  /** Unchanged records that were staged and compared. */
  readonly reformatted: number;
  /** Whether it was looked for records that are late. */
  readonly isJudgedByDate: boolean;
}

/** What the last committed load or import of a view has left in `left_mark`; undefined if it left nothing. */
export async function readLastMark(database: Queryable, view: View): Promise<string | undefined> {
  const last = await readLastCommitted<{ mark: string | null }>(database, view, `left_mark as "mark"`);
  return last?.mark ?? undefined;
}

/** The part of the last committed load's records that were written in another way without a change, from 0 to 1. */
export async function lastReformattedShare(database: Queryable, view: View): Promise<number> {
  const last = await readLastCommitted<{ share: number }>(
    database,
    view,
    "coalesce(records_reformatted::float8 / nullif(records_fetched, 0), 0) as share",
  );
  return last?.share ?? 0;
}

/** What is on record of the last committed run of a view, of whatever kind; undefined if there is none. */
async function readLastCommitted<Row>(
  database: Queryable,
  view: View,
  columns: string,
): Promise<Row | undefined> {
  const { rows } = await database.query<Row>(
    `select ${columns}
     from ${runTable(database.schema)}
     where view_name = $1 and load_status in ('success', 'partial')
     order by run_id desc
     limit 1`,
    [view.name],
  );
  return rows[0];
}

/** Closes a run in the load's transaction, so that the rows and the run's record are committed together or not at all. */
export async function closeRun(
  transaction: Queryable,
  load: CommittedLoad,
  {
    rejects,
    nulsRemoved,
    surrogatesReplaced,
    tableRows,
    leftMark,
    known,
    reformatted,
    isJudgedByDate,
  }: Closing,
): Promise<void> {
  const closed = await updateRun(transaction, load.runId, {
    load_status: load.status,
    load_duration_seconds: load.durationMs / 1000,
    records_fetched: load.fetched,
    records_inserted: load.inserted,
    records_updated: load.updated,
    records_skipped: load.skipped,
    records_errors: load.errors,
    records_unchanged: load.unchanged,
    records_duplicates: load.duplicates,
    records_missing: load.missing,
    records_returned: load.returned,
    records_rekeyed: load.rekeyed,
    error_message: load.missingProblem,
    reject_reasons: reasonsJson(rejects),
    rejects_stored: rejects.stored,
    rejects_seen_again: rejects.seenAgain,
    records_late: isJudgedByDate ? load.late : null,
    payload_bytes: load.payloadBytes,
    payload_sha256: load.payloadSha256,
    table_rows: tableRows,
    left_mark: leftMark ?? null,
    records_known: known,
    records_reformatted: reformatted,
    nuls_removed: nulsRemoved,
    surrogates_replaced: surrogatesReplaced,
    unknown_fields: JSON.stringify(Object.fromEntries(load.drift.unknownFields)),
    absent_fields: JSON.stringify(load.drift.absentFields),
    drift_warnings: JSON.stringify(load.driftWarnings),
    commits: 1,
    ...archiveColumns(load.archive),
    ...metricColumns(load.metrics),
  });
  if (!closed) {
    throw new OtcError(
      "internal",
      `Run ${load.runId} is no longer recorded in etl_metadata. Nothing was loaded.`,
    );
  }
}

/** The recorded values of a failed load. */
interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do about it, if known. */
  readonly remedy: string | undefined;
  readonly fetched: number;
  readonly errors: number;
  readonly rejects: Pick<RejectFigures, "reasons">;
  /** The document, if it was read to its end. */
  readonly document: { readonly payloadBytes: number; readonly payloadSha256: string } | undefined;
  readonly archive: ArchiveResult;
  /** Whether there was a transaction to roll back. */
  readonly rolledBack: boolean;
  readonly metrics: RunMetrics;
}

/**
 * Records a failure after the rollback, in a separate transaction.
 *
 * @returns false when the run is recorded as committed, because the connection broke after the COMMIT
 * @throws OtcError `internal` when the run is not recorded, for example after a crash of a server that loses commits
 */
export async function recordFailure(transaction: Queryable, run: Run, failure: Failure): Promise<boolean> {
  const recorded = await updateRun(transaction, run.runId, {
    load_status: "failed",
    load_duration_seconds: (performance.now() - run.startedAt) / 1000,
    error_code: failure.code,
    error_message: storable(failure.message),
    error_remedy: failure.remedy === undefined ? null : storable(failure.remedy),
    records_fetched: failure.fetched,
    records_errors: failure.errors,
    reject_reasons: reasonsJson(failure.rejects),
    // They are stored after the failure is on record. Those of a reload are in quarantine already.
    rejects_stored: run.source.quarantined === true ? failure.errors : 0,
    payload_bytes: failure.document?.payloadBytes ?? null,
    payload_sha256: failure.document?.payloadSha256 ?? null,
    ...archiveColumns(failure.archive),
    rollbacks: failure.rolledBack ? 1 : 0,
    ...metricColumns(failure.metrics),
  });
  if (recorded) return true;
  const { rows } = await transaction.query(`select from ${runTable(transaction.schema)} where run_id = $1`, [
    run.runId,
  ]);
  if (rows.length > 0) return false;
  throw new OtcError("internal", `Run ${run.runId} is no longer recorded in etl_metadata.`);
}

/** Records which of a failed run's rejected records are stored, in the transaction that stores them. */
export async function recordStoredRejects(
  transaction: Queryable,
  runId: number,
  { stored, seenAgain }: Pick<RejectFigures, "stored" | "seenAgain">,
): Promise<void> {
  // When this is repeated, because the connection broke after the COMMIT, no record is seen again once more.
  await transaction.query(
    `update ${runTable(transaction.schema)}
     set rejects_stored = $2, rejects_seen_again = coalesce($3::int8multirange, rejects_seen_again)
     where run_id = $1`,
    [runId, stored, seenAgain],
  );
}

/** Messages of JSON.parse quote the document, which may contain U+0000, which PostgreSQL cannot store. */
function storable(text: string): string {
  return text.replaceAll("\0", "\\u0000");
}

function reasonsJson({ reasons }: Pick<RejectFigures, "reasons">): string {
  return JSON.stringify(Object.fromEntries(reasons));
}

function archiveColumns(archive: ArchiveResult): Record<string, Parameter> {
  return { archive_file: archive.file, archive_error: archive.error };
}

function metricColumns(metrics: RunMetrics): Record<string, Parameter> {
  return {
    savepoints: metrics.savepoints,
    retries: metrics.retries,
    transaction_seconds: metrics.transactionSeconds,
    fetch_seconds: metrics.seconds.fetch,
    stage_seconds: metrics.seconds.stage,
    classify_seconds: metrics.seconds.classify,
    apply_seconds: metrics.seconds.apply,
    wal_bytes: metrics.walBytes,
    peak_memory_bytes: metrics.peakMemoryBytes,
  };
}

/** The SHA-256 of an archived document, by its name in the archive; undefined when no run recorded it. */
export async function archivedSha256(database: Queryable, archiveFile: string): Promise<string | undefined> {
  const { rows } = await database.query<{ payload_sha256: string }>(
    `select payload_sha256
     from ${runTable(database.schema)}
     where archive_file = $1 and payload_sha256 is not null
     order by run_id desc
     limit 1`,
    [archiveFile],
  );
  return rows[0]?.payload_sha256;
}

/** Columns of type jsonb. Their values are cast, because PGlite would treat a string as a JSON string. */
const JSON_COLUMNS = new Set(["unknown_fields", "absent_fields", "drift_warnings", "reject_reasons"]);

/** @returns false when the run is not recorded, or is already recorded as committed */
async function updateRun(
  database: Queryable,
  runId: number,
  columns: Readonly<Record<string, Parameter>>,
): Promise<boolean> {
  const assignments = Object.keys(columns).map(
    (column, index) =>
      `${quoteIdentifier(column)} = $${index + 2}${JSON_COLUMNS.has(column) ? "::text::jsonb" : ""}`,
  );
  const { rowCount } = await database.query(
    `update ${runTable(database.schema)}
     set load_end = clock_timestamp(),
       last_load_time = case when $2 in ('success', 'partial') then clock_timestamp() end,
       ${assignments.join(", ")}
     where run_id = $1 and load_status not in ('success', 'partial')`,
    [runId, ...Object.values(columns)],
  );
  return rowCount === 1;
}
