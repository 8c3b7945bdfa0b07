import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isJson } from "../../json/is-json.ts";
import type { DocumentSource } from "../../source/document-source.ts";
import { describeFilter, type RejectFilter } from "./reject-filter.ts";
import type { RawReject } from "./retried-rejects.ts";

/** The replacement character for bytes that were not UTF-8, and an invalid byte. The original bytes are unknown. */
const REPLACEMENT = Buffer.from("\ufffd");
const INVALID_UTF8 = Buffer.from([0xff]);

/**
 * Records in quarantine as a document, so that a reload works like every load. A file stores them, because a connection
 * that is copying rows cannot read other rows.
 */
export class RejectDocument implements DocumentSource {
  readonly kind = "file";
  readonly origin: string;
  readonly filter: RejectFilter;
  readonly #path = join(tmpdir(), `otc-etl-retry-${randomUUID()}.json`);

  constructor(filter: RejectFilter) {
    this.filter = filter;
    this.origin = describeFilter(filter);
  }

  /** Writes the document. The memory that it needs does not depend on the number of records. */
  async write(rejects: AsyncIterable<RawReject>): Promise<void> {
    await pipeline(listOf(rejects), createWriteStream(this.#path, { flags: "wx", mode: 0o600 }));
  }

  open(signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    return Promise.resolve(createReadStream(this.#path, { signal }));
  }

  async dispose(): Promise<void> {
    await rm(this.#path, { force: true });
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

/** The record as it was sent, as far as it is known. An invalid record must fail alone, not the whole document. */
function recordOf({ raw, reason }: RawReject): Buffer {
  const record = Buffer.from(isJson(raw) ? raw : JSON.stringify(raw));
  return reason === "invalid_utf8" ? withInvalidBytes(record) : record;
}

/** Restores invalid bytes. Without them, the record would be loaded as if OTC had sent U+FFFD. */
function withInvalidBytes(record: Buffer): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = record.indexOf(REPLACEMENT); at !== -1; at = record.indexOf(REPLACEMENT, start)) {
    parts.push(record.subarray(start, at), INVALID_UTF8);
    start = at + REPLACEMENT.length;
  }
  return Buffer.concat([...parts, record.subarray(start)]);
}
