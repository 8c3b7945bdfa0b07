import type { Parameter, Queryable } from "../../database/database.ts";
import { showDeadRuns } from "../dead-runs.ts";
import { RECORDED_RUN, type RecordedRun } from "../recorded-run.ts";
import { runTable } from "../run-log.ts";

/**
 * Chosen runs of each view, newest first.
 *
 * @param views the names of the views, which are the parameter `$1`
 * @param choose makes a query of the `run_id` of one view, whose name is `wanted`, from the table of runs
 * @param parameters of that query, from `$2`
 */
export async function readRunsOfViews(
  database: Queryable,
  views: readonly string[],
  choose: (table: string) => string,
  parameters: readonly Parameter[],
): Promise<readonly RecordedRun[]> {
  const table = runTable(database.schema);
  const { rows } = await database.query<RecordedRun>(
    `select ${RECORDED_RUN}
     from ${table}
     where run_id = any(array(
       select chosen.run_id
       from unnest($1::text[]) as wanted
       cross join lateral (${choose(table)}) chosen
     ))
     order by run_id desc`,
    [views, ...parameters],
  );
  return showDeadRuns(database, rows);
}
