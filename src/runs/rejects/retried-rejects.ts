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

/** A record as it stands in quarantine. */
export interface RawReject {
  readonly raw: string;
  readonly reason: string;
}

/** Raw records are read in pages of about this many bytes, or of one record that is larger. */
const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The rejects that a retry loads again: a table of this transaction that says which record of its document was which
 * reject. Nobody else can remove them meanwhile, and what another retry or `rejects clear` has taken is left to it.
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

  /** Takes those of the view that match, in the order they came in. */
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
   * After the load: those that went in leave the quarantine. One that failed again stays as it is, with its run and
   * position, and is told why it failed this time; what the load itself recorded of it goes.
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
