import type { Queryable } from "../database/database.ts";
import { showDeadRuns } from "./dead-runs.ts";
import { RECORDED_RUN, type RecordedRun } from "./recorded-run.ts";
import { runTable } from "./run-log.ts";

/** A run with all recorded values. Values that were not measured, or that an adopted run does not have, are null. */
export interface RunDetails extends RecordedRun {
  readonly endedAt: Date | null;
  readonly unchanged: number | null;
  readonly duplicates: number | null;
  readonly source: string | null;
  readonly version: string | null;
  readonly payloadBytes: number | null;
  readonly payloadSha256: string | null;
  readonly archiveFile: string | null;
  readonly archiveError: string | null;
  /** How many rejected records there were for each reason and field; null for runs that did not record it. */
  readonly rejectReasons: Readonly<Record<string, number>> | null;
  /** How many of them the run stored in the quarantine. */
  readonly rejectsStored: number | null;
  readonly nulsRemoved: number;
  readonly surrogatesReplaced: number;
  /** Each field with the number of records that had it. */
  readonly unknownFields: Readonly<Record<string, number>>;
  readonly absentFields: readonly string[];
  readonly savepoints: number;
  readonly retries: number;
  readonly transactionSeconds: number | null;
  readonly fetchSeconds: number | null;
  readonly stageSeconds: number | null;
  readonly classifySeconds: number | null;
  readonly applySeconds: number | null;
  readonly walBytes: number | null;
  readonly peakMemoryBytes: number | null;
}

const RUN_DETAILS = `${RECORDED_RUN}, load_end as "endedAt", records_unchanged as "unchanged",
  records_duplicates as "duplicates", source, otc_etl_version as "version", payload_bytes as "payloadBytes",
  payload_sha256 as "payloadSha256", archive_file as "archiveFile", archive_error as "archiveError",
  reject_reasons as "rejectReasons", rejects_stored as "rejectsStored", nuls_removed as "nulsRemoved", surrogates_replaced as "surrogatesReplaced",
  coalesce(unknown_fields, '{}') as "unknownFields", coalesce(absent_fields, '[]') as "absentFields", savepoints, retries,
  transaction_seconds as "transactionSeconds", fetch_seconds as "fetchSeconds", stage_seconds as "stageSeconds",
  classify_seconds as "classifySeconds", apply_seconds as "applySeconds", wal_bytes as "walBytes",
  peak_memory_bytes as "peakMemoryBytes"`;

/** Which runs to read. */
export interface RunChoice {
  /** Only runs of this view; undefined for all views. */
  readonly view?: string;
  /** Only runs before this one, for the next page. */
  readonly before?: number;
}

/** Newest first. */
export async function readRuns(
  database: Queryable,
  { view, before }: RunChoice,
  limit: number,
): Promise<readonly RunDetails[]> {
  const { rows } = await database.query<RunDetails>(
    `select ${RUN_DETAILS}
     from ${runTable(database.schema)}
     where ($1::text is null or view_name = $1::text) and ($2::bigint is null or run_id < $2::bigint)
     order by run_id desc
     limit $3`,
    [view ?? null, before ?? null, limit],
  );
  return showDeadRuns(database, rows);
}

/** One run; undefined when it is not recorded. */
export async function readRun(database: Queryable, runId: number): Promise<RunDetails | undefined> {
  const { rows } = await database.query<RunDetails>(
    `select ${RUN_DETAILS} from ${runTable(database.schema)} where run_id = $1`,
    [runId],
  );
  return (await showDeadRuns(database, rows))[0];
}
