import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { CopyTextWriter } from "../database/copy-text.ts";
import type { Transaction } from "../database/database.ts";
import { reasonOf } from "../errors/reason.ts";
import { RecordFramer } from "../source/record-framer.ts";
import { SourceError } from "../source/source-error.ts";
import {
  describeKey,
  RecordConverter,
  type Rejection,
  type SourceRecord,
} from "../views/record-converter.ts";
import type { TimeZone } from "../views/values/time-zone.ts";
import type { View } from "../views/view.ts";
import { RepeatedKeys } from "./repeated-keys.ts";
import type { RejectSpool } from "./reject-spool.ts";
import { copyTarget, type LoadTables } from "./staging.ts";

/** Rows are handed to COPY in pieces of about this many characters. */
const PIECE_CHARACTERS = 64 * 1024;

/** A document that has been read to its end and lies in the staging table. */
export interface StagedDocument {
  readonly fetched: number;
  /** Rows in the staging table: what was fetched without what was rejected. */
  readonly staged: number;
  /** How many of them have a key that may have come before. */
  readonly suspected: number;
  readonly payloadBytes: number;
  /** In hex. */
  readonly payloadSha256: string;
  /** For what its fields and texts were like. */
  readonly converter: RecordConverter;
}

interface StageOptions {
  readonly view: View;
  readonly tables: LoadTables;
  readonly timeZone: TimeZone;
  readonly maxRecordBytes: number;
  readonly rejects: RejectSpool;
  readonly onProgress: (records: number, bytes: number) => void;
}

/**
 * Streams a document into the staging table: frame, parse, convert, COPY. Memory holds a chunk, a record and a piece of
 * rows, whatever the size of the document; a slow database holds back the reading of the source.
 *
 * @throws SourceError when the document is not complete
 */
export async function stageDocument(
  transaction: Transaction,
  chunks: AsyncIterable<Buffer>,
  options: StageOptions,
): Promise<StagedDocument> {
  const hash = createHash("sha256");
  const framer = new RecordFramer(options.maxRecordBytes);
  const converter = new RecordConverter(options.view, options.timeZone);
  const writer = new CopyTextWriter();
  const keys = new RepeatedKeys(options.view);
  const stageRecord = recordStager(options, framer, converter, keys, writer);

  async function* copyRows(): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      framer.push(chunk, stageRecord);
      options.onProgress(framer.records, framer.bytes);
      await options.rejects.relieve();
      if (writer.pending >= PIECE_CHARACTERS) yield writer.take();
    }
    framer.finish();
    if (writer.pending > 0) yield writer.take();
  }

  const staged = await transaction.copyIn(copyTarget(options.view, options.tables), copyRows());
  return {
    fetched: framer.records,
    staged,
    suspected: keys.suspected,
    payloadBytes: framer.bytes,
    payloadSha256: hash.digest("hex"),
    converter,
  };
}

/** Makes a row of each record, or a reject. */
function recordStager(
  { view, rejects }: StageOptions,
  framer: RecordFramer,
  converter: RecordConverter,
  keys: RepeatedKeys,
  writer: CopyTextWriter,
): (bytes: Buffer, start: number, end: number) => void {
  const row: (string | null)[] = [];
  const positionIndex = view.columns.length + 1;

  return (bytes, start, end) => {
    const position = framer.records;
    const json = bytes.toString("utf8", start, end);
    const reject = (rejection: Rejection, key: string | null): void => {
      const { reason, field = null, message } = rejection;
      rejects.add({ position, key, field, reason, message, sqlState: null, raw: json });
    };

    if (!isUtf8(bytes.subarray(start, end))) {
      reject({ reason: "invalid_utf8", message: "The record is not valid UTF-8." }, null);
      return;
    }
    const record = parseRecord(json, position);
    if (!isRecord(record)) {
      reject({ reason: "not_an_object", message: notAnObject(record) }, null);
      return;
    }
    const rejection = converter.convert(record, json, row);
    if (rejection !== undefined) {
      reject(rejection, describeKey(view, record));
      return;
    }
    row[positionIndex] = String(position);
    row[positionIndex + 1] = keys.mayRepeat(row) ? "t" : null;
    writer.writeRow(row);
  };
}

/**
 * A record that is not JSON fails the document: when one is damaged, nobody can say where the next begins, and records
 * could be lost without a trace.
 */
function parseRecord(json: string, position: number): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new SourceError(
      "document",
      `Record ${position} of the document is not valid JSON: ${reasonOf(error)}.`,
      {
        remedy: `The record begins ${JSON.stringify(json.slice(0, 120))}; the OTC team has to mend it.`,
        cause: error,
      },
    );
  }
}

/** A list is also what a row of CSV becomes that has more values than its header. */
function notAnObject(value: unknown): string {
  const what = Array.isArray(value) ? `a list of ${value.length} values, ` : "";
  return `The record is ${what}not a JSON object with fields.`;
}

function isRecord(value: unknown): value is SourceRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
