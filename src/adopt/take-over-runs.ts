import type { Transaction } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { Report } from "./adoption-step.ts";

/** The table of runs, by the name it had in the old script too. */
export const RUN_TABLE = "etl_metadata";

/**
 * Makes runs of the old script's records: each gets a status of the closed list, and `source` keeps the word that stood
 * there. A status that says neither success nor failure belongs to a run whose end nobody knows.
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
 * Records two runs of one view at a time, and takes them back: a table that refuses them, by a constraint of its own,
 * would let no load begin.
 */
export async function tryRuns(transaction: Transaction): Promise<void> {
  const table = qualifiedName(transaction.schema, RUN_TABLE);
  await transaction.query(
    `insert into ${table} (view_name, load_status, source, host, pid, otc_etl_version)
     select 'trial', 'running', 'trial', 'trial', 0, 'trial' from generate_series(1, 2)`,
  );
  await transaction.query(`delete from ${table} where view_name = 'trial' and load_status = 'running'`);
}
