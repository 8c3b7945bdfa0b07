import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { ErrorCode } from "../errors/otc-error.ts";
import type { DriftWarning } from "./drift.ts";
import type { View } from "../views/view.ts";
import type { RunKind } from "./run-kind.ts";

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

/** How the loads of one view go, by their records alone. */
export interface ViewHealth {
  readonly view: string;
  /** The end of the last committed load; null when there is none. */
  readonly lastLoaded: Date | null;
  readonly ageSeconds: number | null;
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
  /** The last runs of every kind, newest first. */
  readonly runs: readonly RecordedRun[];
}

/** How one view stands. */
export interface ViewStatus extends ViewHealth {
  /** Rows in the table now. */
  readonly rows: number;
  /** The newest date in the data itself. */
  readonly latestDataDate: Date | null;
  /** Records in quarantine, of all runs. */
  readonly rejects: number;
}

/** A run that ended so never began to load: another had the view, or OTC must not be asked. */
const NEVER_BEGAN: readonly (string | null)[] = [
  "locked",
  "rate_limited",
  "circuit_open",
] satisfies ErrorCode[];

/** Whether a run was turned away; that says nothing about how loads go. */
function neverBegan(run: RecordedRun): boolean {
  return NEVER_BEGAN.includes(run.errorCode);
}

/** Rollback rate and usual duration are taken from this many runs. */
const RUNS_JUDGED = 20;

/**
 * Reads how the views stand. Their rows are counted, which takes a moment where there are many.
 *
 * @param lastRuns how many runs of each view to read
 */
export async function readStatus(
  database: Queryable,
  schema: string,
  views: readonly View[],
  lastRuns: number,
): Promise<readonly ViewStatus[]> {
  const freshness = await database.query<{ view_name: string; latest_data_date: Date | null }>(
    `select view_name, latest_data_date from ${qualifiedName(schema, "v_data_freshness")}`,
  );
  const counts = views.map((view) => `(select count(*) from ${qualifiedName(schema, view.table)})::float8`);
  const totals = await database.query<{ totals: readonly number[] }>(
    `select array[${counts.join(", ")}] as totals`,
  );
  const rejects = await database.query<{ view_name: string; rejects: number }>(
    `select view_name, count(*) as rejects from ${qualifiedName(schema, "etl_rejects")} group by view_name`,
  );
  const healths = await readHealth(database, schema, views, lastRuns);
  return healths.map((health, index) => ({
    ...health,
    rows: totals.rows[0]?.totals[index] ?? 0,
    latestDataDate: freshness.rows.find((row) => row.view_name === health.view)?.latest_data_date ?? null,
    rejects: rejects.rows.find((row) => row.view_name === health.view)?.rejects ?? 0,
  }));
}

/**
 * Reads how the loads of the views go. It looks at no table of a view, and is quick whatever they hold.
 *
 * @param lastRuns how many runs of each view to read
 */
export async function readHealth(
  database: Queryable,
  schema: string,
  views: readonly View[],
  lastRuns: number,
): Promise<readonly ViewHealth[]> {
  const names = views.map((view) => view.name);
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
  const runs = await readRuns(database, schema, names, Math.max(lastRuns, RUNS_JUDGED + 1));
  return names.map((view) => {
    const load = loads.rows.find((row) => row.view_name === view);
    const own = runs.filter((run) => run.view === view);
    return {
      view,
      lastLoaded: load?.last_loaded ?? null,
      ageSeconds: load?.age_seconds ?? null,
      unknownFields: load?.unknown_fields ?? {},
      absentFields: load?.absent_fields ?? [],
      ...judge(own),
      runs: own.slice(0, lastRuns),
    };
  });
}

async function readRuns(
  database: Queryable,
  schema: string,
  views: readonly string[],
  lastRuns: number,
): Promise<readonly RecordedRun[]> {
  const { rows } = await database.query<RecordedRun>(
    `select
       run_id as "runId", view_name as "view", kind, load_status as "status", load_start as "startedAt",
       load_duration_seconds as "durationSeconds", records_fetched as "fetched", records_inserted as "inserted",
       records_updated as "updated", records_skipped as "skipped", records_errors as "errors",
       error_code as "errorCode", error_message as "error", rollbacks, commits, host, pid,
       coalesce(drift_warnings, '[]') as "driftWarnings"
     from (
       -- Those turned away are counted apart: however many there are, the loads that say something are still read.
       select *, row_number() over (
           partition by view_name, kind, coalesce(error_code = any($3::text[]), false) order by run_id desc
         ) as recency
       from ${qualifiedName(schema, "etl_metadata")}
       where view_name = any($1::text[])
     ) runs
     where recency <= $2
     order by run_id desc`,
    [views, lastRuns, NEVER_BEGAN],
  );
  return rows;
}

/** What the loads among the runs of a view, newest first, say together. */
function judge(
  runs: readonly RecordedRun[],
): Pick<ViewHealth, "rollbackRate" | "duration" | "quarantineGrowth" | "lastLoad"> {
  const loads = runs.filter((run) => run.kind === "load" && !neverBegan(run));
  const transactions = loads.filter((run) => run.commits + run.rollbacks > 0).slice(0, RUNS_JUDGED);
  const rolledBack = transactions.filter((run) => run.rollbacks > 0).length;
  const [last, ...earlier] = loads.filter((run) => run.commits > 0).slice(0, RUNS_JUDGED + 1);
  return {
    rollbackRate: transactions.length === 0 ? null : rolledBack / transactions.length,
    duration:
      last === undefined || last.durationSeconds === null
        ? null
        : { last: last.durationSeconds, usual: median(earlier.flatMap((run) => run.durationSeconds ?? [])) },
    lastLoad: loads.find((run) => run.status !== "running") ?? null,
    quarantineGrowth: last === undefined ? 0 : Math.max(0, (last.errors ?? 0) - (earlier[0]?.errors ?? 0)),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
