import type { Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { rejectCondition, rejectParameters, rejectTable, type RejectFilter } from "./reject-filter.ts";
import type { RejectSpool } from "./reject-spool.ts";
import type { View } from "../../views/view.ts";

/** The run that loads the records again. */
interface RetryRun {
  readonly runId: number;
  readonly view: View;
}

/** A record as the quarantine stores it. */
export interface RawReject {
  readonly raw: string;
  readonly reason: string;
}

/** Raw records are read in pages of about this many bytes, or of one larger record. */
const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The rejected records that a reload loads. A table of this transaction maps each record of the reload's document to its
 * row in the quarantine. The rows are locked against deletion, and rows that `rejects clear` has locked are skipped. The
 * view's lock keeps other loads of them away.
 */
export class RetriedRejects {
  readonly #transaction: Transaction;
  readonly #rejects: string;
  readonly #retried: string;
  readonly #failed: string;
  readonly #view: View;

  constructor(transaction: Transaction, { runId, view }: RetryRun) {
    this.#transaction = transaction;
    this.#rejects = rejectTable(transaction.schema);
    this.#retried = qualifiedName(transaction.schema, `etl_retried_${view.name}_${runId}`);
    this.#failed = qualifiedName(transaction.schema, `etl_failed_again_${view.name}_${runId}`);
    this.#view = view;
  }

  /** Selects the matching records of the view, in the order in which they were rejected. */
  async choose(filter: RejectFilter): Promise<void> {
    await this.#transaction.query(
      `create unlogged table ${this.#retried} (position bigint, reject_id bigint, page bigint)
       with (autovacuum_enabled = false)`,
    );
    await this.#transaction.query(
      `insert into ${this.#retried} (position, reject_id, page)
       select
         row_number() over (order by reject_id), reject_id,
         (sum(octet_length(raw_record)) over (order by reject_id))::bigint / ${PAGE_BYTES}
       from (select reject_id, raw_record from ${this.#rejects} where ${rejectCondition(this.#transaction.schema)}
             for key share skip locked) chosen`,
      rejectParameters({ ...filter, view: this.#view.name }),
    );
  }

  /** In the order of their positions. */
  async *read(): AsyncGenerator<RawReject> {
    const { rows: pages } = await this.#transaction.query<{ page: number }>(
      `select distinct page from ${this.#retried} order by page`,
    );
    for (const { page } of pages) {
      const { rows } = await this.#transaction.query<RawReject>(
        `select raw_record as raw, reason
         from ${this.#retried}
         join ${this.#rejects} using (reject_id)
         where page = $1
         order by ${this.#retried}.position`,
        [page],
      );
      yield* rows;
    }
  }

  /**
   * Updates the quarantine after the load. Records that were loaded are removed. A record that was rejected again keeps its
   * run, its position and how often runs have seen it, and gets the new reason. If an equal record with that reason is
   * there already, it is counted as another occurrence.
   *
   * @param again the records that the reload has rejected
   */
  async settle(again: RejectSpool): Promise<void> {
    const [rejects, retried, failed] = [this.#rejects, this.#retried, this.#failed];
    await again.copyTo(this.#transaction, failed);
    await this.#transaction.query(
      `delete from ${rejects} r
       using ${retried} t
       where r.reject_id = t.reject_id and t.position not in (select position from ${failed})`,
    );
    await this.#transaction.query(
      `with given as (
         select
           r.reject_id, r.raw_sha256, r.occurrence, r.reason <> f.reason as moves,
           f.record_key, f.column_name, f.reason, f.message, f.sql_state
         from ${failed} f
         join ${retried} t using (position)
         join ${rejects} r on r.reject_id = t.reject_id
       ),
       placed as (
         select
           g.*,
           case when not moves then occurrence else
             row_number() over (partition by moves, reason, raw_sha256 order by reject_id) + (
               select coalesce(max(other.occurrence), 0)
               from ${rejects} other
               where other.view_name = $1 and other.reason = g.reason and other.raw_sha256 = g.raw_sha256
             )
           end as place
         from given g
       )
       update ${rejects} r
       set record_key = p.record_key, column_name = p.column_name, reason = p.reason, message = p.message,
         sql_state = p.sql_state, occurrence = p.place
       from placed p
       where r.reject_id = p.reject_id
         and (r.record_key, r.column_name, r.reason, r.message, r.sql_state)
           is distinct from (p.record_key, p.column_name, p.reason, p.message, p.sql_state)`,
      [this.#view.name],
    );
    await this.#transaction.query(`drop table ${retried}, ${failed}`);
  }
}
