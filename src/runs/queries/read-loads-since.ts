import type { Queryable } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import type { RecordedRun } from "../recorded-run.ts";
import { readRunsOfViews } from "./read-runs-of-views.ts";

/** A month in which a view is loaded every hour has fewer loads. */
const MOST_LOADS = 1000;

/**
 * The loads of each view that have started since a time, and the last one before it, newest first. Of very many, only the
 * newest are read.
 */
export function readLoadsSince(
  database: Queryable,
  views: readonly View[],
  since: Date,
): Promise<readonly RecordedRun[]> {
  return readRunsOfViews(
    database,
    views.map(({ name }) => name),
    (table) =>
      `(select run_id from ${table}
        where view_name = wanted and kind = 'load' and load_start >= $2
        order by run_id desc limit ${MOST_LOADS})
       union all
       (select run_id from ${table}
        where view_name = wanted and kind = 'load' and load_start < $2
        order by run_id desc limit 1)`,
    [since],
  );
}
