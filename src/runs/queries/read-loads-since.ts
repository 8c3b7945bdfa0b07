import type { Queryable } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { showDeadRuns } from "../dead-runs.ts";
import { RECORDED_RUN, type RecordedRun } from "../recorded-run.ts";
import { runTable } from "../run-log.ts";

/** A month in which a view is loaded every hour has fewer loads. */
const MOST_LOADS = 1000;

/**
 * The loads of each view that have started since a time, and the last one before it, newest first. Of very many, only the
 * newest are read.
 */
export async function readLoadsSince(
  database: Queryable,
  views: readonly View[],
  since: Date,
): Promise<readonly RecordedRun[]> {
  const table = runTable(database.schema);
  const { rows } = await database.query<RecordedRun>(
    `select ${RECORDED_RUN}
     from ${table}
     where run_id = any(array(
       select found.run_id
       from unnest($1::text[]) as wanted
       cross join lateral (
         (select run_id from ${table}
          where view_name = wanted and kind = 'load' and load_start >= $2
          order by run_id desc limit ${MOST_LOADS})
         union all
         (select run_id from ${table}
          where view_name = wanted and kind = 'load' and load_start < $2
          order by run_id desc limit 1)
       ) found
     ))
     order by run_id desc`,
    [views.map(({ name }) => name), since],
  );
  return showDeadRuns(database, rows);
}
