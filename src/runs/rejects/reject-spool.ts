import type { Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { RowSpool } from "../../database/row-spool.ts";

/** A record in quarantine. */
export interface Reject {
  /** The record's place in the document, from 1. */
  readonly position: number;
  readonly key: string | null;
  readonly field: string | null;
  readonly reason: string;
  readonly message: string;
  readonly sqlState: string | null;
  /** The record as it came. */
  readonly raw: string;
}

const COLUMNS = [
  "run_id",
  "view_name",
  "position",
  "record_key",
  "column_name",
  "reason",
  "message",
  "sql_state",
  "raw_record",
];

/**
 * Keeps a load's rejects until its outcome is known: they are recorded in its transaction, or after the rollback. Any
 * number of them takes a bounded amount of memory.
 */
export class RejectSpool {
  readonly #runId: number;
  readonly #view: string;
  readonly #spool = new RowSpool(COLUMNS.length);
  readonly #reasons = new Map<string, number>();
  #count = 0;

  constructor(runId: number, view: string) {
    this.#runId = runId;
    this.#view = view;
  }

  get count(): number {
    return this.#count;
  }

  /** How many there are of each reason and field, for example `invalid_timestamp (TS-Date)`. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons;
  }

  add(reject: Reject): void {
    this.#count += 1;
    const reason = reject.field === null ? reject.reason : `${reject.reason} (${reject.field})`;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const row = this.#spool.writer;
    row.beginRow();
    row.writeInteger(this.#runId);
    row.writeText(this.#view);
    row.writeInteger(reject.position);
    row.writeText(storable(reject.key));
    row.writeText(storable(reject.field));
    row.writeText(reject.reason);
    row.writeText(storable(reject.message));
    row.writeText(reject.sqlState);
    row.writeText(storable(reject.raw));
    row.endRow();
  }

  /** To be called between chunks of the document: memory holds only some of the rejects. */
  relieve(): Promise<void> {
    return this.#spool.relieve();
  }

  /** Writes the rejects to `etl_rejects`; can be repeated, as when the first transaction fails. */
  async store(transaction: Transaction): Promise<void> {
    if (this.#count === 0) return;
    const target = `${qualifiedName(transaction.schema, "etl_rejects")} (${COLUMNS.map(quoteIdentifier).join(", ")})`;
    await transaction.copyIn(target, this.#spool.rows());
  }

  dispose(): Promise<void> {
    return this.#spool.dispose();
  }
}

/** PostgreSQL holds no U+0000; a field's name, or a record that is not UTF-8, may have one. As an escape it is kept. */
function storable(text: string | null): string | null {
  return text?.replaceAll("\0", "\\u0000") ?? null;
}
