import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CopyBinaryWriter } from "../database/copy-binary.ts";
import type { Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";

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

/** Rejects are few, as a rule; beyond this many bytes they wait on disk. */
const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;

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
  readonly #writer = new CopyBinaryWriter(COLUMNS.length);
  readonly #reasons = new Map<string, number>();
  readonly #path = join(tmpdir(), `otc-etl-rejects-${randomUUID()}`);
  #file: FileHandle | undefined;
  /** The bytes of each block of whole rows in the file. */
  readonly #blocks: number[] = [];
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
    const row = this.#writer;
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

  /** Moves what has piled up in memory to disk. To be called between chunks of the document. */
  async relieve(): Promise<void> {
    if (this.#writer.pending < MAX_BYTES_IN_MEMORY) return;
    this.#file ??= await open(this.#path, "wx+", 0o600);
    const rows = this.#writer.take();
    await this.#file.appendFile(rows);
    this.#blocks.push(rows.length);
  }

  /** Writes the rejects to `etl_rejects`; can be repeated, as when the first transaction fails. */
  async store(transaction: Transaction, schema: string): Promise<void> {
    if (this.#count === 0) return;
    const target = `${qualifiedName(schema, "etl_rejects")} (${COLUMNS.map(quoteIdentifier).join(", ")})`;
    await transaction.copyIn(target, this.#rows());
  }

  /** Removes the file, if there is one. */
  async dispose(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#path, { force: true });
  }

  async *#rows(): AsyncGenerator<Buffer> {
    let position = 0;
    for (const length of this.#blocks) {
      const { buffer } = (await this.#file?.read(Buffer.alloc(length), 0, length, position)) ?? {};
      if (buffer !== undefined) yield buffer;
      position += length;
    }
    yield this.#writer.peek();
  }
}

/** PostgreSQL holds no U+0000; a field's name, or a record that is not UTF-8, may have one. As an escape it is kept. */
function storable(text: string | null): string | null {
  return text?.replaceAll("\0", "\\u0000") ?? null;
}
