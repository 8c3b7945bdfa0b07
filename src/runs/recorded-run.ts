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
  readonly errorCode: string | null;
  readonly error: string | null;
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
  records_errors as "errors", records_late as "late", error_code as "errorCode", error_message as "error", rollbacks, commits, host, pid,
  coalesce(drift_warnings, '[]') as "driftWarnings"`;
