import type { Transaction } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { Report } from "./adoption-step.ts";

/** The table of runs, which has the same name in the old script. */
export const RUN_TABLE = "etl_metadata";

/**
 * Turns the old script's records into runs: each gets one of our statuses, and `source` keeps the old status. A run whose
 * old status means neither success nor failure becomes abandoned, because its end is unknown.
 */
export async function takeOverRuns(transaction: Transaction, report: Report): Promise<void> {
  const { rowCount } = await transaction.query(
    `update ${qualifiedName(transaction.schema, RUN_TABLE)}
     set source = concat('older script, its status: ', coalesce(load_status, 'none')),
       load_status = case
         when lower(load_status) ~ '^(success|succeeded|successful|complete|completed|ok|done)$' then 'success'
         when lower(load_status) = 'partial' then 'partial'
         when lower(load_status) ~ '^(fail|failed|failure|error)$' then 'failed'
         else 'abandoned'
       end`,
  );
  if (rowCount > 0) report({ change: "runs_taken_over", subject: RUN_TABLE, rows: rowCount, detail: null });
}

/**
 * Inserts two runs of one view and deletes them: a table with a constraint that rejects them would prevent every load from
 * starting.
 */
export async function tryRuns(transaction: Transaction): Promise<void> {
  const table = qualifiedName(transaction.schema, RUN_TABLE);
  await transaction.query(
    `insert into ${table} (view_name, load_status, source, host, pid, otc_etl_version)
     select 'trial', 'running', 'trial', 'trial', 0, 'trial' from generate_series(1, 2)`,
  );
  await transaction.query(`delete from ${table} where view_name = 'trial' and load_status = 'running'`);
}
