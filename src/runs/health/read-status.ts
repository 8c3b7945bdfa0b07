import { isInFuture } from "../../database/clock.ts";
import type { Queryable } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import type { DriftWarning } from "../drift-warning.ts";
import { rejectTable } from "../rejects/reject-filter.ts";
import { readRunsOfViews } from "../queries/read-runs-of-views.ts";
import type { RecordedRun } from "../recorded-run.ts";
import { IS_COMMITTED_LOAD, runTable } from "../run-log.ts";
import { isJudged, UNDONE_CODES } from "./shown-status.ts";
import { median, type UnusualRows, unusualRows } from "./unusual-rows.ts";

/** The state of a view's loads, according to the run records. The view's table is not read. */
export interface ViewHealth {
  readonly view: string;
  /** The end of the last committed load; null when there is none. */
  readonly lastLoaded: Date | null;
  readonly ageSeconds: number | null;
  /** Records in quarantine, from all runs. */
  readonly rejects: number;
  /** The share of the last 20 transactions that were rolled back, from 0 to 1; null when there were fewer than 5. */
  readonly rollbackRate: number | null;
  /** The duration of the last committed load, and the median of the ones before it, in seconds. */
  readonly duration: { readonly last: number; readonly usual: number | null } | null;
  /** How many more records the last committed load put in quarantine than the one before it; 0 when there was none. */
  readonly quarantineGrowth: number;
  /** The rows that the last committed load found missing, with another key or late, where they are more than usual. */
  readonly unusualRows: readonly UnusualRows[];
  /** How the fields of the last committed load differ from those of the one before. */
  readonly driftWarnings: readonly DriftWarning[];
  /** The fields of the last committed load that the view does not define, with the number of records. */
  readonly unknownFields: Readonly<Record<string, number>>;
  /** The fields of the view that no record of the last committed load had. */
  readonly absentFields: readonly string[];
  /** The last committed load, if it is recorded with a time in the future, which is ignored; otherwise null. */
  readonly futureLoad: { readonly runId: number; readonly time: Date } | null;
  /** The last load that has ended and was neither skipped nor interrupted; null when there is none. */
  readonly lastLoad: RecordedRun | null;
  /** The last load that was committed; null when there is none. */
  readonly lastCommitted: RecordedRun | null;
  /** The number of loads that failed or were abandoned since the last committed one. */
  readonly failuresInRow: number;
  /** The last runs of all kinds, newest first. */
  readonly runs: readonly RecordedRun[];
}

/** The status of one view. */
export interface ViewStatus extends ViewHealth {
  /** Rows in the table now. */
  readonly rows: number;
  /** The newest date in the data itself. */
  readonly latestDataDate: Date | null;
}

/** The rollback rate and the usual duration are computed from this many runs. */
const RUNS_JUDGED = 20;

/** Of fewer transactions, one that was rolled back says nothing about the rate. */
const FEWEST_FOR_RATE = 5;

/**
 * Reads the status of the views. It counts their rows, which takes a while for large tables.
 *
 * @param lastRuns how many runs of each view to read
 */
export async function readStatus(
  database: Queryable,
  views: readonly View[],
  lastRuns: number,
): Promise<readonly ViewStatus[]> {
  const freshness = await database.query<{ view_name: string; latest_data_date: Date | null }>(
    `select view_name, latest_data_date from ${qualifiedName(database.schema, "v_data_freshness")}`,
  );
  const counts = views.map(
    (view) => `(select count(*) from ${qualifiedName(database.schema, view.table)})::float8`,
  );
  const totals = await database.query<{ totals: readonly number[] }>(
    `select array[${counts.join(", ")}] as totals`,
  );
  const healths = await readHealth(database, views, lastRuns);
  return healths.map((health, index) => ({
    ...health,
    rows: totals.rows[0]?.totals[index] ?? 0,
    latestDataDate: freshness.rows.find((row) => row.view_name === health.view)?.latest_data_date ?? null,
  }));
}

/**
 * Reads the state of the views' loads. It takes a few milliseconds, however many rows and runs there are.
 *
 * @param lastRuns how many runs of each view to read
 */
export async function readHealth(
  database: Queryable,
  views: readonly View[],
  lastRuns: number,
): Promise<readonly ViewHealth[]> {
  const names = views.map((view) => view.name);
  const loads = await readLastLoads(database, names);
  const rejects = await database.query<{ view: string; records: number }>(
    `select view_name as "view", count(*) as records from ${rejectTable(database.schema)} group by view_name`,
  );
  const runs = await readLastRuns(database, names, Math.max(lastRuns, RUNS_JUDGED + 1));
  return names.map((view) => {
    const load = loads.find((row) => row.view === view);
    const own = runs.filter((run) => run.view === view);
    return {
      view,
      lastLoaded: load?.lastLoaded ?? null,
      ageSeconds: load?.ageSeconds ?? null,
      futureLoad: load?.futureLoad ?? null,
      rejects: rejects.rows.find((row) => row.view === view)?.records ?? 0,
      unknownFields: load?.unknownFields ?? {},
      absentFields: load?.absentFields ?? [],
      ...judge(own),
      runs: own.slice(0, lastRuns),
    };
  });
}

/** The values from the record of a view's last committed load. */
type LastCommitted = Pick<
  ViewHealth,
  "view" | "lastLoaded" | "ageSeconds" | "futureLoad" | "unknownFields" | "absentFields"
>;

async function readLastLoads(
  database: Queryable,
  views: readonly string[],
): Promise<readonly LastCommitted[]> {
  const future = isInFuture("last_load_time");
  const { rows } = await database.query<
    LastCommitted & { futureRunId: number | null; futureTime: Date | null }
  >(
    `select wanted as "view", last.last_load_time as "lastLoaded",
       case when last.last_load_time is not null
         then greatest(0, extract(epoch from statement_timestamp() - last.last_load_time)::float8)
       end as "ageSeconds",
       newest.run_id as "futureRunId", newest.last_load_time as "futureTime",
       coalesce(last.unknown_fields, '{}') as "unknownFields", coalesce(last.absent_fields, '[]') as "absentFields"
     from unnest($1::text[]) as wanted
     left join lateral (
       select *
       from ${runTable(database.schema)}
       where view_name = wanted and ${IS_COMMITTED_LOAD} and (${future}) is not true
       order by run_id desc
       limit 1
     ) last on true
     left join lateral (
       select run_id, last_load_time
       from ${runTable(database.schema)}
       where view_name = wanted and ${IS_COMMITTED_LOAD}
       order by run_id desc
       limit 1
     ) newest on newest.last_load_time is not null and ${isInFuture("newest.last_load_time")}`,
    [views],
  );
  return rows.map(({ futureRunId: runId, futureTime: time, ...last }) => ({
    ...last,
    futureLoad: runId === null || time === null ? null : { runId, time },
  }));
}

/**
 * The last runs of each view, newest first, and the same number of loads that are judged, so that a day of reloads or a
 * night of skipped runs does not hide them. An index finds them, however many there are.
 */
function readLastRuns(
  database: Queryable,
  views: readonly string[],
  lastRuns: number,
): Promise<readonly RecordedRun[]> {
  return readRunsOfViews(
    database,
    views,
    (table) =>
      `(select run_id from ${table} where view_name = wanted order by run_id desc limit $2)
       union all
       (select run_id
        from ${table}
        where view_name = wanted and kind = 'load' and coalesce(error_code <> all($3::text[]), true)
        order by run_id desc
        limit $2)`,
    [lastRuns, UNDONE_CODES],
  );
}

/** Computes the summary of a view's loads. The runs are sorted newest first. */
function judge(
  runs: readonly RecordedRun[],
): Pick<
  ViewHealth,
  | "rollbackRate"
  | "duration"
  | "quarantineGrowth"
  | "unusualRows"
  | "driftWarnings"
  | "lastLoad"
  | "lastCommitted"
  | "failuresInRow"
> {
  const loads = runs.filter((run) => run.kind === "load" && isJudged(run));
  const transactions = loads.filter((run) => run.commits + run.rollbacks > 0).slice(0, RUNS_JUDGED);
  const rolledBack = transactions.filter((run) => run.rollbacks > 0).length;
  const [last, ...earlier] = loads.filter((run) => run.commits > 0).slice(0, RUNS_JUDGED + 1);
  const ended = loads.filter((run) => run.status !== "running");
  const lastGood = ended.findIndex(({ status }) => status === "success" || status === "partial");
  return {
    rollbackRate: transactions.length < FEWEST_FOR_RATE ? null : rolledBack / transactions.length,
    duration:
      last === undefined || last.durationSeconds === null
        ? null
        : {
            last: last.durationSeconds,
            usual: median(earlier.flatMap((run) => run.durationSeconds ?? [])) ?? null,
          },
    driftWarnings: last?.driftWarnings ?? [],
    unusualRows: unusualRows(last, earlier),
    lastLoad: ended[0] ?? null,
    lastCommitted: last ?? null,
    failuresInRow: lastGood === -1 ? ended.length : lastGood,
    quarantineGrowth: growthOf(last, earlier[0]),
  };
}

function growthOf(last: RecordedRun | undefined, before: RecordedRun | undefined): number {
  if (last === undefined || before === undefined) return 0;
  return Math.max(0, (last.errors ?? 0) - (before.errors ?? 0));
}
