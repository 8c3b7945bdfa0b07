import type { Queryable } from "../../database/database.ts";
import { showDeadRuns } from "../dead-runs.ts";
import { RECORDED_RUN, type RecordedRun } from "../recorded-run.ts";
import type { RunKind } from "../run-kind.ts";
import { runTable } from "../run-log.ts";
import { type ShownStatus, shownStatus, UNDONE_CODES } from "../health/shown-status.ts";

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

const largestOf = (column: string): string => `${column} desc nulls last, run_id desc`;

/** What runs can be sorted by, with the order of each in SQL. That of the start is the order of an index. */
const SORT_ORDERS = {
  started: "run_id desc",
  duration: largestOf("load_duration_seconds"),
  fetched: largestOf("records_fetched"),
  inserted: largestOf("records_inserted"),
  updated: largestOf("records_updated"),
  errors: largestOf("records_errors"),
  missing: largestOf("records_missing"),
} as const;

export type RunOrder = keyof typeof SORT_ORDERS;

export const RUN_ORDERS = Object.keys(SORT_ORDERS) as readonly RunOrder[];

/** Which runs to read; properties that are undefined choose all. */
export interface RunChoice {
  readonly view?: string;
  readonly kind?: RunKind;
  readonly status?: ShownStatus;
  /** Only runs that started at this time or later. */
  readonly from?: Date;
  /** Only runs that started before this time. */
  readonly until?: Date;
  /** The runs with the largest values come first, of equal values the newest. Default: `started`. */
  readonly order?: RunOrder;
  /** How many runs to leave out, for the next pages. */
  readonly skip?: number;
}

/** Newest first, unless another order is chosen. */
export async function readRuns(
  database: Queryable,
  choice: RunChoice,
  limit: number,
): Promise<readonly RunDetails[]> {
  const { view, kind, status, from, until, order = "started", skip = 0 } = choice;
  const { rows } = await database.query<RunDetails>(
    `select ${RUN_DETAILS}
     from ${runTable(database.schema)}
     where ($1::text is null or view_name = $1::text)
       and ($2::text is null or kind = $2::text)
       and ($3::timestamptz is null or load_start >= $3::timestamptz)
       and ($4::timestamptz is null or load_start < $4::timestamptz)
       and ($5::text is null or case
         when load_status = 'running' then $5::text in ('running', 'abandoned')
         when load_status = 'failed' and error_code = 'interrupted' then $5::text = 'interrupted'
         when load_status = 'failed' and error_code = any($6::text[]) then $5::text = 'skipped'
         else load_status = $5::text
       end)
     order by ${SORT_ORDERS[order]}
     limit $7 offset $8`,
    [view ?? null, kind ?? null, from ?? null, until ?? null, status ?? null, UNDONE_CODES, limit, skip],
  );
  const runs = await showDeadRuns(database, rows);
  // Whether a run is dead is not in its record.
  return status === undefined ? runs : runs.filter((run) => shownStatus(run) === status);
}

/** One run; undefined when it is not recorded. */
export async function readRun(database: Queryable, runId: number): Promise<RunDetails | undefined> {
  const { rows } = await database.query<RunDetails>(
    `select ${RUN_DETAILS} from ${runTable(database.schema)} where run_id = $1`,
    [runId],
  );
  return (await showDeadRuns(database, rows))[0];
}

/** The runs of the same view before and after one; null where there is none. */
export async function readNeighbours(
  database: Queryable,
  { view, runId }: Pick<RecordedRun, "view" | "runId">,
): Promise<{ readonly previous: number | null; readonly next: number | null }> {
  const table = runTable(database.schema);
  const { rows } = await database.query<{ previous: number | null; next: number | null }>(
    `select (select max(run_id) from ${table} where view_name = $1 and run_id < $2) as previous,
       (select min(run_id) from ${table} where view_name = $1 and run_id > $2) as next`,
    [view, runId],
  );
  return rows[0] ?? { previous: null, next: null };
}
