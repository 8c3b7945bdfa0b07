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
  /** The record as it was sent. */
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
 * Keeps a load's rejected records until its outcome is known. They are recorded in its transaction, or after the
 * rollback. The memory that it needs does not depend on their number.
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

  /** The number of rejected records per reason and field, for example `invalid_timestamp (TS-Date)`. */
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

  /** Moves rejected records to disk when memory holds many. Call it between chunks of the document. */
  relieve(): Promise<void> {
    return this.#spool.relieve();
  }

  /** Writes the rejected records to `etl_rejects`. It can be repeated, for example when the first transaction fails. */
  async store(transaction: Transaction): Promise<void> {
    if (this.#count === 0) return;
    const target = `${qualifiedName(transaction.schema, "etl_rejects")} (${COLUMNS.map(quoteIdentifier).join(", ")})`;
    await transaction.copyIn(target, this.#spool.rows());
  }

  dispose(): Promise<void> {
    return this.#spool.dispose();
  }
}

/** PostgreSQL cannot store U+0000, which field names and records that are not UTF-8 may contain. An escape replaces it. */
function storable(text: string | null): string | null {
  return text?.replaceAll("\0", "\\u0000") ?? null;
}
