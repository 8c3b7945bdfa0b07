import type { Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { rejectTable } from "./read-rejects.ts";
import { REJECT_CONDITION, rejectParameters, type RejectFilter } from "./reject-filter.ts";
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
 * row in the quarantine. The rows are locked, and rows that another reload or `rejects clear` has locked are skipped.
 */
export class RetriedRejects {
  readonly #transaction: Transaction;
  readonly #rejects: string;
  readonly #retried: string;
  readonly #run: RetryRun;

  constructor(transaction: Transaction, run: RetryRun) {
    this.#transaction = transaction;
    this.#rejects = rejectTable(transaction.schema);
    this.#retried = qualifiedName(transaction.schema, `etl_retried_${run.view.name}_${run.runId}`);
    this.#run = run;
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
       from (select reject_id, raw_record from ${this.#rejects} where ${REJECT_CONDITION} for update skip locked) chosen`,
      rejectParameters({ ...filter, view: this.#run.view.name }),
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
   * run and position, and gets the new reason. The rejected records that the load itself recorded are removed.
   */
  async settle(): Promise<void> {
    await this.#transaction.query(
      `with failed as (
         delete from ${this.#rejects}
         where run_id = $1
         returning position, record_key, column_name, reason, message, sql_state
       ),
       kept as (
         update ${this.#rejects} r
         set record_key = f.record_key, column_name = f.column_name, reason = f.reason, message = f.message,
           sql_state = f.sql_state
         from failed f
         join ${this.#retried} t using (position)
         where r.reject_id = t.reject_id
       )
       delete from ${this.#rejects} r
       using ${this.#retried} t
       where r.reject_id = t.reject_id and t.position not in (select position from failed)`,
      [this.#run.runId],
    );
    await this.#transaction.query(`drop table ${this.#retried}`);
  }
}
