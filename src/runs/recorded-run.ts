import type { DriftWarning } from "../runs/drift-warning.ts";
import type { RunKind } from "./run-kind.ts";

/** A recorded run. Times are ISO 8601 in JSON. Values that an adopted run does not have are null. */
export interface RecordedRun {
  readonly runId: number;
  readonly view: string;
  readonly kind: RunKind;
  readonly status: "running" | "success" | "partial" | "failed" | "abandoned";
  readonly startedAt: Date | null;
  readonly durationSeconds: number | null;
  readonly fetched: number | null;
  readonly inserted: number | null;
  readonly updated: number | null;
  readonly skipped: number | null;
  readonly errors: number | null;
  /** Inserted records that the load before should have had; null of runs that are not loads. */
  readonly late: number | null;
  /** Rows that OTC no longer sends, found by this run. */
  readonly missing: number;
  /** Rows that were missing and came back. */
  readonly returned: number;
  /** Rows whose record came with another key. */
  readonly rekeyed: number;
  readonly errorCode: string | null;
  /** Why a run failed; of a committed one, why missing rows were not judged or not removed. */
  readonly error: string | null;
  /** What to do about the error; null when nothing is known. */
  readonly remedy: string | null;
  readonly rollbacks: number;
  readonly commits: number;
  readonly host: string | null;
  readonly pid: number | null;
  /** The differences from the last committed load before it. */
  readonly driftWarnings: readonly DriftWarning[];
}

/** The columns that a query of `etl_metadata` selects for a RecordedRun. */
export const RECORDED_RUN = `run_id as "runId", view_name as "view", kind, load_status as "status",
  load_start as "startedAt", load_duration_seconds as "durationSeconds", records_fetched as "fetched",
  records_inserted as "inserted", records_updated as "updated", records_skipped as "skipped",
  records_errors as "errors", records_missing as "missing", records_returned as "returned",
  records_rekeyed as "rekeyed", records_late as "late", error_code as "errorCode", error_message as "error",
  error_remedy as "remedy", rollbacks, commits, host, pid,
  coalesce(drift_warnings, '[]') as "driftWarnings"`;
