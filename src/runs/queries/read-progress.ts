import { lockHolders, viewLock } from "../../database/advisory-lock.ts";
import type { Queryable } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { STEP_LABEL } from "../step-label.ts";
import { IS_COMMITTED_LOAD, runTable } from "../run-log.ts";
import type { Step } from "../run-metrics.ts";

/** A load that is running in another session, as far as other sessions can observe it. */
export interface RunningLoad {
  readonly runId: number;
  readonly view: string;
  readonly startedAt: Date;
  readonly runningSeconds: number;
  readonly step: Step;
  /** Records staged so far; null in other steps, and for a role without `pg_read_all_stats`. */
  readonly records: number | null;
  /** The number of records of the last load; null when there was none. */
  readonly expected: number | null;
}

/**
 * The running loads. They report nothing themselves: the session that holds a view's lock has its run and step in its
 * application name, and PostgreSQL reports the progress of its COPY.
 */
export async function readProgress(
  database: Queryable,
  views: readonly View[],
): Promise<readonly RunningLoad[]> {
  const holders = await lockHolders(
    database,
    views.map((view) => viewLock(view.name)),
  );
  if (holders.length === 0) return [];
  const { rows } = await database.query<RunningLoad>(
    `select run.run_id as "runId", run.view_name as "view", run.load_start as "startedAt",
       extract(epoch from clock_timestamp() - run.load_start)::float8 as "runningSeconds", label[2] as "step",
       copy.tuples_processed as "records",
       (select records_fetched from ${runTable(database.schema)} earlier
        where earlier.view_name = run.view_name and ${IS_COMMITTED_LOAD}
        order by earlier.run_id desc
        limit 1) as "expected"
     from pg_stat_activity session
     cross join regexp_match(session.application_name, $2) as label
     join ${runTable(database.schema)} run on run.run_id = label[1]::bigint and run.load_status = 'running'
     left join pg_stat_progress_copy copy on copy.pid = session.pid
     where session.pid = any($1::integer[])
     order by run.run_id`,
    [holders, STEP_LABEL],
  );
  return rows;
}
