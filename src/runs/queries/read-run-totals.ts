import { isInFuture } from "../../database/clock.ts";
import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { RunKind } from "../run-kind.ts";
import { runTable } from "../run-log.ts";
import type { Step } from "../run-metrics.ts";

/** The possible results of a record of a committed run. */
export const ROW_OUTCOMES = ["inserted", "updated", "unchanged", "duplicate", "rejected"] as const;

/** What happened to rows of the table that no record of the document stands for. */
export const MISSING_OUTCOMES = ["missing", "returned", "rekeyed"] as const;

/** The figures of one run, or the totals of many. */
interface RunFigures<Value> {
  readonly rows: Readonly<Record<(typeof ROW_OUTCOMES)[number], Value>>;
  readonly missingRows: Readonly<Record<(typeof MISSING_OUTCOMES)[number], Value>>;
  readonly stepSeconds: Readonly<Record<Step, Value>>;
  /** The size of the document, after decompression. */
  readonly payloadBytes: Value;
}

/** The totals of all runs of a view with one kind, status and error code. They only grow. */
export interface RunTotals extends RunFigures<number> {
  readonly view: string;
  readonly kind: RunKind;
  readonly status: "success" | "partial" | "failed" | "abandoned";
  readonly errorCode: string | null;
  readonly runs: number;
  /** When the last of these runs was committed; null when none was, or when that time is in the future. */
  readonly lastLoadTime: Date | null;
  readonly commits: number;
  readonly rollbacks: number;
  readonly retries: number;
}

/** The figures of one run. Values that an adopted run does not have are null. */
export interface LastRun extends RunFigures<number | null> {
  readonly view: string;
  readonly kind: RunKind;
  /** Inserted records that the load before should have had. */
  readonly late: number | null;
  /** Records that were known by their fingerprints. */
  readonly known: number | null;
}

/** The selected columns, which `etl_run_totals` and `etl_metadata` both have. */
const FIGURES = `
  json_build_object('inserted', records_inserted, 'updated', records_updated, 'unchanged', records_unchanged,
    'duplicate', records_duplicates, 'rejected', records_errors) as "rows",
  json_build_object('missing', records_missing, 'returned', records_returned, 'rekeyed', records_rekeyed)
    as "missingRows",
  json_build_object('fetch', fetch_seconds, 'stage', stage_seconds, 'classify', classify_seconds,
    'apply', apply_seconds) as "stepSeconds",
  payload_bytes::float8 as "payloadBytes"`;

export function totalsTable(schema: string): string {
  return qualifiedName(schema, "etl_run_totals");
}

/** Reads the totals. The time does not depend on the number of runs. */
export async function readRunTotals(database: Queryable): Promise<readonly RunTotals[]> {
  const { rows } = await database.query<RunTotals>(
    `select view_name as "view", kind, load_status as "status", nullif(error_code, '') as "errorCode", runs,
       case when ${isInFuture("last_load_time")} then null else last_load_time end as "lastLoadTime", commits, rollbacks, retries, ${FIGURES}
     from ${totalsTable(database.schema)}
     order by view_name, kind, load_status, error_code`,
  );
  return rows;
}

/** The last committed runs of each view and kind, newest first, as far as they are still recorded. */
export async function readLastRuns(database: Queryable): Promise<readonly LastRun[]> {
  const { rows } = await database.query<LastRun>(
    `select view_name as "view", kind, records_late as "late", records_known as "known", ${FIGURES}
     from ${runTable(database.schema)}
     where run_id = any(array(
       select last_run_id from ${totalsTable(database.schema)} where load_status in ('success', 'partial')
     ))
     order by run_id desc`,
  );
  return rows;
}

export function isCommitted({ status }: RunTotals): boolean {
  return status === "success" || status === "partial";
}
