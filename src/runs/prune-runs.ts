import type { Queryable } from "../database/database.ts";
import { rejectTable } from "./rejects/reject-filter.ts";
import { IS_COMMITTED_LOAD, runTable } from "./run-log.ts";

/**
 * Deletes runs that began longer ago, oldest first, by the clock of the database. The last committed run and the last
 * committed load of each view stay, and so do the first and the last run of each record in quarantine. The totals of all runs do not change.
 *
 * @param keepMs the age of the runs that stay, in milliseconds
 * @param limit the largest number to delete
 * @returns the number of deleted runs
 */
export async function pruneRuns(database: Queryable, keepMs: number, limit: number): Promise<number> {
  const { schema } = database;
  const { rowCount } = await database.query(
    `with needed as (
       select max(run_id) as run_id from ${runTable(schema)} where load_status in ('success', 'partial') group by view_name
       union all
       select max(run_id) from ${runTable(schema)} where ${IS_COMMITTED_LOAD} group by view_name
     )
     delete from ${runTable(schema)}
     where run_id in (
       select run_id
       from ${runTable(schema)} run
       where load_start < clock_timestamp() - make_interval(secs => $1::float8 / 1000)
         and load_status <> 'running'
         and run_id not in (select run_id from needed)
         and not exists (select from ${rejectTable(schema)} reject where reject.run_id = run.run_id)
         and not exists (
           select from unnest(run.rejects_seen_again) ids
           join ${rejectTable(schema)} reject on reject.reject_id >= lower(ids) and reject.reject_id < upper(ids)
           where reject.last_seen_run_id = run.run_id
         )
       order by run_id
       limit $2
     )`,
    [keepMs, limit],
  );
  return rowCount;
}
