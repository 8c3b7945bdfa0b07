import type { Queryable } from "../../database/database.ts";
import type { ErrorCode } from "../../errors/otc-error.ts";
import { runTable } from "../run-log.ts";

/** The failures that open the circuit, as far as they are always failures of OTC. */
const CODES: readonly ErrorCode[] = ["source", "document"];

/** The last load whose document OTC did not deliver: when and why, in a sentence; undefined when none is on record. */
export async function readLastFetchFailure(database: Queryable): Promise<string | undefined> {
  const { rows } = await database.query<{ view: string; runId: number; endedAt: Date | null; error: string }>(
    `select view_name as "view", run_id as "runId", load_end as "endedAt", error_message as "error"
     from ${runTable(database.schema)}
     where kind = 'load' and load_status = 'failed' and error_code = any($1::text[])
       and source ~ '^https?://' and error_message is not null
     order by run_id desc
     limit 1`,
    [CODES],
  );
  const [last] = rows;
  if (last === undefined) return undefined;
  const when = last.endedAt === null ? "" : `, ${last.endedAt.toISOString()}`;
  return `The last failure on record is that of ${last.view} (run ${last.runId}${when}): ${last.error}`;
}
