import type { Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { rejectTable } from "./reject-filter.ts";
import type { RejectSpool } from "./reject-spool.ts";

/**
 * Puts a run's rejected records in quarantine. A record that is there already, of the same view, with the same bytes and
 * for the same reason, is not stored again: its row says that this run has seen it. The k-th of several equal records of
 * a document is the k-th one of those in quarantine. It can be repeated for the same run, and then changes nothing.
 *
 * @returns the ids of the rows that were there already, as text of an `int8multirange`; null when there are none
 */
export async function storeRejects(
  transaction: Transaction,
  { runId, view }: { readonly runId: number; readonly view: { readonly name: string } },
  rejects: RejectSpool,
): Promise<string | null> {
  if (rejects.stored === 0) return null;
  const spooled = qualifiedName(transaction.schema, `etl_spooled_rejects_${view.name}_${runId}`);
  await rejects.copyTo(transaction, spooled);
  // Rows that exist are locked in the order of their ids, as by everybody who locks several.
  const { rows } = await transaction.query<{ again: string | null }>(
    `with numbered as (
       select *, row_number() over (partition by reason, raw_sha256 order by position) as occurrence
       from (select *, sha256(convert_to(raw_record, 'UTF8')) as raw_sha256 from ${spooled}) hashed
     ),
     stored as (
       insert into ${rejectTable(transaction.schema)} as known (
         run_id, view_name, position, record_key, column_name, reason, message, sql_state, raw_record, raw_sha256,
         occurrence, last_seen_run_id
       )
       select
         $1::bigint, $2::text, n.position, n.record_key, n.column_name, n.reason, n.message, n.sql_state, n.raw_record,
         n.raw_sha256, n.occurrence, $1::bigint
       from numbered n
       left join ${rejectTable(transaction.schema)} r
         on r.view_name = $2::text and r.reason = n.reason and r.raw_sha256 = n.raw_sha256
         and r.occurrence = n.occurrence
       order by r.reject_id nulls last, n.position
       on conflict (view_name, reason, raw_sha256, occurrence) do update
       set last_seen_run_id = greatest(known.last_seen_run_id, excluded.last_seen_run_id), times_seen = known.times_seen + 1,
         record_key = excluded.record_key, column_name = excluded.column_name, message = excluded.message,
         sql_state = excluded.sql_state
       where known.last_seen_run_id is distinct from excluded.last_seen_run_id
       returning reject_id, run_id
     )
     select range_agg(int8range(reject_id, reject_id, '[]'))::text as again from stored where run_id <> $1::bigint`,
    [runId, view.name],
  );
  await transaction.query(`drop table ${spooled}`);
  return rows[0]?.again ?? null;
}
