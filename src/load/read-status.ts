import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { ErrorCode } from "../errors/otc-error.ts";
import type { DriftWarning } from "./drift.ts";
import type { View } from "../views/view.ts";
import { RUN_KINDS, type RunKind } from "./run-kind.ts";

/** A run on record. Times are ISO 8601 in JSON; null is what an adopted run does not tell. */
interface RecordedRun {
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
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly rollbacks: number;
  readonly commits: number;
  readonly host: string | null;
  readonly pid: number | null;
  /** What was different from the last committed load before it. */
  readonly driftWarnings: readonly DriftWarning[];
}

/** How one view stands. */
export interface ViewStatus {
  readonly view: string;
  /** The end of the last committed load; null when there is none. */
  readonly lastLoaded: Date | null;
  readonly ageSeconds: number | null;
  /** Rows in the table now. */
  readonly rows: number;
  /** The newest date in the data itself. */
  readonly latestDataDate: Date | null;
  /** Records in quarantine, of all runs. */
  readonly rejects: number;
  /** Part of the last 20 transactions that were rolled back, from 0 to 1; null when there was none. */
  readonly rollbackRate: number | null;
  /** How long the last committed load took, and the median of the ones before it, in seconds. */
  readonly duration: { readonly last: number; readonly usual: number | null } | null;
  /** How many records the last committed load put in quarantine beyond the one before it. */
  readonly quarantineGrowth: number;
  /** Of the last committed load: fields the view does not define, with the number of records; they are in `extra`. */
  readonly unknownFields: Readonly<Record<string, number>>;
  /** Of the last committed load: fields of the view that no record had. */
  readonly absentFields: readonly string[];
  /** The last load that was not turned away and has ended; null when there is none. */
  readonly lastLoad: RecordedRun | null;
  /** Of the last loads: those that failed or were abandoned since one was committed. */
  readonly failuresInRow: number;
  /** The last runs of every kind, newest first. */
  readonly runs: readonly RecordedRun[];
}

/** What the last loads of a view say together. */
export type LoadHealth = Pick<
  ViewStatus,
  "rollbackRate" | "duration" | "quarantineGrowth" | "lastLoad" | "failuresInRow"
>;

/** A run that ended so never began to load: another had the view, or OTC must not be asked. */
const NEVER_BEGAN: ReadonlySet<string | null> = new Set<ErrorCode>([
  "locked",
  "rate_limited",
  "circuit_open",
]);

/** Whether a run was turned away; that says nothing about how loads go. */
export function neverBegan(run: { readonly errorCode: string | null }): boolean {
  return NEVER_BEGAN.has(run.errorCode);
}

/** Rollback rate and usual duration are taken from this many runs. */
const RUNS_JUDGED = 20;

/**
 * Reads how the views stand.
 *
 * @param lastRuns how many runs of each view to read
 */
export async function readStatus(
  database: Queryable,
  schema: string,
  views: readonly View[],
  lastRuns: number,
): Promise<readonly ViewStatus[]> {
  const names = views.map((view) => view.name);
  const freshness = await database.query<{ view_name: string; latest_data_date: Date | null }>(
    `select view_name, latest_data_date from ${qualifiedName(schema, "v_data_freshness")}`,
  );
  const loads = await database.query<{
    view_name: string;
    last_loaded: Date;
    age_seconds: number;
    unknown_fields: Readonly<Record<string, number>>;
    absent_fields: readonly string[];
  }>(
    `select distinct on (view_name) view_name, last_load_time as last_loaded,
       extract(epoch from now() - last_load_time)::float8 as age_seconds,
       coalesce(unknown_fields, '{}') as unknown_fields, coalesce(absent_fields, '[]') as absent_fields
     from ${qualifiedName(schema, "etl_metadata")}
     where load_status in ('success', 'partial') and kind = 'load'
     order by view_name, last_load_time desc`,
  );
  const counts = views.map((view) => `(select count(*) from ${qualifiedName(schema, view.table)})::float8`);
  const totals = await database.query<{ totals: readonly number[] }>(
    `select array[${counts.join(", ")}] as totals`,
  );
  const rejects = await database.query<{ view_name: string; rejects: number }>(
    `select view_name, count(*) as rejects from ${qualifiedName(schema, "etl_rejects")} group by view_name`,
  );
  const runs = await readRuns(database, schema, names, RUN_KINDS, Math.max(lastRuns, RUNS_JUDGED + 1));
  return names.map((view, index) => {
    const load = loads.rows.find((row) => row.view_name === view);
    return {
      view,
      lastLoaded: load?.last_loaded ?? null,
      ageSeconds: load?.age_seconds ?? null,
      rows: totals.rows[0]?.totals[index] ?? 0,
      latestDataDate: freshness.rows.find((row) => row.view_name === view)?.latest_data_date ?? null,
      rejects: rejects.rows.find((row) => row.view_name === view)?.rejects ?? 0,
      unknownFields: load?.unknown_fields ?? {},
      absentFields: load?.absent_fields ?? [],
      ...judge(runs.filter((run) => run.view === view)),
      runs: runs.filter((run) => run.view === view).slice(0, lastRuns),
    };
  });
}

/** What the last loads of each view say, by its name; reads nothing but their records. */
export async function readLoadHealth(
  database: Queryable,
  schema: string,
  views: readonly View[],
): Promise<ReadonlyMap<string, LoadHealth>> {
  const names = views.map((view) => view.name);
  const runs = await readRuns(database, schema, names, ["load"], RUNS_JUDGED + 1);
  return new Map(names.map((view) => [view, judge(runs.filter((run) => run.view === view))]));
}

/** The last runs of each view and kind, newest first; found by the index, however many there are. */
async function readRuns(
  database: Queryable,
  schema: string,
  views: readonly string[],
  kinds: readonly RunKind[],
  lastRuns: number,
): Promise<readonly RecordedRun[]> {
  const table = qualifiedName(schema, "etl_metadata");
  const { rows } = await database.query<RecordedRun>(
    `select
       run_id as "runId", view_name as "view", kind, load_status as "status", load_start as "startedAt",
       load_duration_seconds as "durationSeconds", records_fetched as "fetched", records_inserted as "inserted",
       records_updated as "updated", records_skipped as "skipped", records_errors as "errors",
       error_code as "errorCode", error_message as "error", rollbacks, commits, host, pid,
       coalesce(drift_warnings, '[]') as "driftWarnings"
     from ${table}
     where run_id = any(array(
       select last.run_id
       from unnest($1::text[]) as wanted_views (wanted_view)
       cross join unnest($2::text[]) as wanted_kinds (wanted_kind)
       cross join lateral (
         select run_id from ${table}
         where view_name = wanted_view and kind = wanted_kind
         order by run_id desc
         limit $3
       ) last
     ))
     order by run_id desc`,
    [views, kinds, lastRuns],
  );
  return rows;
}

/** What the loads among the runs of a view, newest first, say together. */
function judge(runs: readonly RecordedRun[]): LoadHealth {
  const loads = runs.filter((run) => run.kind === "load" && !neverBegan(run));
  const transactions = loads.filter((run) => run.commits + run.rollbacks > 0).slice(0, RUNS_JUDGED);
  const rolledBack = transactions.filter((run) => run.rollbacks > 0).length;
  const [last, ...earlier] = loads.filter((run) => run.commits > 0).slice(0, RUNS_JUDGED + 1);
  const ended = loads.filter((run) => run.status !== "running");
  const lastGood = ended.findIndex(({ status }) => status === "success" || status === "partial");
  return {
    rollbackRate: transactions.length === 0 ? null : rolledBack / transactions.length,
    duration:
      last === undefined || last.durationSeconds === null
        ? null
        : { last: last.durationSeconds, usual: median(earlier.flatMap((run) => run.durationSeconds ?? [])) },
    lastLoad: ended[0] ?? null,
    failuresInRow: lastGood === -1 ? ended.length : lastGood,
    quarantineGrowth: last === undefined ? 0 : Math.max(0, (last.errors ?? 0) - (earlier[0]?.errors ?? 0)),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
