import type { FileHandle } from "node:fs/promises";
import type { Transaction } from "../../database/database.ts";
import { openNamelessFile } from "../../files/nameless-file.ts";
import type { DocumentSource } from "../../source/document-source.ts";
import { describeFilter, type RejectFilter } from "./reject-filter.ts";
import type { RejectSpool } from "./reject-spool.ts";
import { type RawReject, RetriedRejects } from "./retried-rejects.ts";
import { checkOneRecord } from "../../views/one-record.ts";
import type { View } from "../../views/view.ts";

const CHUNK_BYTES = 256 * 1024;

/** What stands for bytes that were not UTF-8, and a byte that is none: what they were is not known any more. */
const REPLACEMENT = Buffer.from("\ufffd");
const INVALID_UTF8 = Buffer.from([0xff]);

/**
 * Records in quarantine as a document, so that a reload goes the way of every load. They are chosen in its transaction,
 * and what became of each is settled there as well. They wait in a nameless file: a connection that is copying rows cannot
 * read others.
 */
export class RejectDocument implements DocumentSource {
  readonly kind = "file";
  readonly canReopen = false;
  readonly quarantined = true;
  readonly origin: string;
  readonly #filter: RejectFilter;
  #file: FileHandle | undefined;
  #rejects: RetriedRejects | undefined;

  constructor(filter: RejectFilter) {
    this.#filter = filter;
    this.origin = describeFilter(filter);
  }

  /** Chooses the records and writes the document; any number of them takes a bounded amount of memory. */
  async prepare(transaction: Transaction, runId: number, view: View): Promise<void> {
    this.#rejects = new RetriedRejects(transaction, { runId, view });
    await this.#rejects.choose(this.#filter);
    this.#file = await openNamelessFile();
    for await (const piece of listOf(this.#rejects.read())) await this.#file.appendFile(piece);
  }

  open(signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    if (this.#file === undefined) throw new Error("The document is opened before it is prepared.");
    return Promise.resolve(readFrom(this.#file, signal));
  }

  /** Settles what became of each record. */
  async finish(again: RejectSpool): Promise<void> {
    await this.#rejects?.settle(again);
  }

  async dispose(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** The bytes of a file from its beginning. A stream of it would close it. */
async function* readFrom(file: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    signal.throwIfAborted();
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* listOf(rejects: AsyncIterable<RawReject>): AsyncGenerator<Buffer> {
  let separator = "[";
  for await (const reject of rejects) {
    yield Buffer.concat([Buffer.from(separator), recordOf(reject)]);
    separator = ",\n";
  }
  yield Buffer.from(separator === "[" ? "[]" : "]");
}

/** The record as it came, as far as it is known; one that cannot go in must fail alone, and not the document. */
function recordOf({ raw, reason }: RawReject): Buffer {
  const record = asOneRecord(raw);
  return reason === "invalid_utf8" ? withInvalidBytes(record) : record;
}

/** What is not one record becomes a text, which is rejected. */
function asOneRecord(raw: string): Buffer {
  const record = Buffer.from(raw);
  try {
    checkOneRecord(record);
    return record;
  } catch {
    return Buffer.from(JSON.stringify(raw));
  }
}

/** Loaded as it is kept, the record would look as if OTC had sent U+FFFD. */
function withInvalidBytes(record: Buffer): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = record.indexOf(REPLACEMENT); at !== -1; at = record.indexOf(REPLACEMENT, start)) {
    parts.push(record.subarray(start, at), INVALID_UTF8);
    start = at + REPLACEMENT.length;
  }
  return Buffer.concat([...parts, record.subarray(start)]);
}
