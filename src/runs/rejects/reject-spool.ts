import { Readable } from "node:stream";
import { COPY_HEADER } from "../../database/copy/copy-binary.ts";
import { readCopyRows } from "../../database/copy/copy-binary-reader.ts";
import type { Transaction } from "../../database/database.ts";
import { RowSpool } from "../../database/copy/row-spool.ts";
import { RejectCounts } from "./reject-counts.ts";

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

/** The columns of a table of rejected records, in the order of the spool. They are called as in `etl_rejects`. */
const COLUMNS = [
  "position bigint",
  "record_key text",
  "column_name text",
  "reason text",
  "message text",
  "sql_state text",
  "raw_record text",
];

/** Beyond its limits, a spool still stores this many records of each reason and field, so that every reason has samples. */
const SAMPLES = 5;

/** COPY's binary format has the length of a value in so many bytes before it. */
const LENGTH_BYTES = 4;

/** The most bytes of raw records that a run stores: a few kilobytes of gzip can be half a gigabyte of records. */
const MAX_STORED_BYTES = 256 * 1024 * 1024;

/**
 * Keeps a load's rejected records until its outcome is known. They are recorded in its transaction, or after the
 * rollback. The memory that it needs does not depend on their number. All of them are counted, and a limited number is
 * stored: the first ones, and the first of each reason.
 */
export class RejectSpool {
  readonly #maxStored: number;
  readonly #spool = new RowSpool(COLUMNS.length);
  readonly #counts = new RejectCounts();
  #stored = 0;
  #storedBytes = 0;

  /** @param maxStored how many rejected records are stored, apart from samples; with Infinity, all of them are */
  constructor(maxStored: number) {
    this.#maxStored = maxStored;
  }

  /** The number of all rejected records. */
  get count(): number {
    return this.#counts.total;
  }

  /** The number of rejected records that are stored. */
  get stored(): number {
    return this.#stored;
  }

  /** The number of rejected records per reason and field, for example `invalid_timestamp (TS-Date)`. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#counts.byReason;
  }

  add(reject: Reject): void {
    const before = this.#counts.add(reject.reason, reject.field);
    if (!this.#hasRoom(reject) && before >= SAMPLES) return;
    this.#stored += 1;
    this.#storedBytes += reject.raw.length;
    const row = this.#spool.writer;
    row.beginRow();
    row.writeInteger(reject.position);
    row.writeText(storable(reject.key));
    row.writeText(storable(reject.field));
    row.writeText(reject.reason);
    row.writeText(storable(reject.message));
    row.writeText(reject.sqlState);
    row.writeText(storable(reject.raw));
    row.endRow();
  }

  #hasRoom({ raw }: Reject): boolean {
    if (this.#maxStored === Number.POSITIVE_INFINITY) return true;
    return this.#stored < this.#maxStored && this.#storedBytes + raw.length <= MAX_STORED_BYTES;
  }

  /** Moves rejected records to disk when memory holds many. Call it between chunks of the document. */
  relieve(): Promise<void> {
    return this.#spool.relieve();
  }

  /**
   * Creates a table of the stored records. It can be repeated in another transaction, for example when the first one fails.
   *
   * @param table its name, quoted and with its schema; the caller drops it in the same transaction
   */
  async copyTo(transaction: Transaction, table: string): Promise<void> {
    await transaction.query(
      `create unlogged table ${table} (${COLUMNS.join(", ")}) with (autovacuum_enabled = false)`,
    );
    const names = COLUMNS.map((column) => column.split(" ")[0]);
    await transaction.copyIn(`${table} (${names.join(", ")})`, this.#spool.rows());
  }

  /** The stored records in the order of the document, some at a time. They can be read repeatedly. */
  async *read(): AsyncGenerator<readonly Reject[]> {
    for await (const rows of this.#spool.rows()) {
      const rejects: Reject[] = [];
      await readCopyRows(Readable.from([COPY_HEADER, rows]), COLUMNS.length, (bytes, offsets) => {
        rejects.push(rejectIn(bytes, offsets));
      });
      yield rejects;
    }
  }

  dispose(): Promise<void> {
    return this.#spool.dispose();
  }
}

/** The record that a row of the spool holds. */
function rejectIn(bytes: Buffer, offsets: readonly (number | undefined)[]): Reject {
  const [position = 0, key, field, reason, message, sqlState, raw] = offsets;
  const text = (start: number | undefined): string | null =>
    start === undefined
      ? null
      : bytes.toString("utf8", start, start + bytes.readInt32BE(start - LENGTH_BYTES));
  return {
    position: Number(bytes.readBigInt64BE(position)),
    key: text(key),
    field: text(field),
    reason: text(reason) ?? "",
    message: text(message) ?? "",
    sqlState: text(sqlState),
    raw: text(raw) ?? "",
  };
}

/** PostgreSQL cannot store U+0000, which field names and records that are not UTF-8 may contain. An escape replaces it. */
function storable(text: string | null): string | null {
  return text?.replaceAll("\0", "\\u0000") ?? null;
}
