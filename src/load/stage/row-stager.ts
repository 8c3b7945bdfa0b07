import { isUtf8 } from "node:buffer";
import { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import { errorMessage } from "../../errors/error-message.ts";
import type { FramingModule } from "../../json/framing-module.ts";
import { RecordScanner } from "../../json/record-scanner.ts";
import { SourceError } from "../../errors/source-error.ts";
import type { SourceRecord } from "../../views/parsed-record.ts";
import {
  describeKey,
  describeProblem,
  type Problem,
  RecordConverter,
  type RejectedFields,
  type Rejection,
  type SchemaDrift,
} from "../../views/record-converter.ts";
import { isTooComplex, TOO_COMPLEX } from "../../views/values/complexity.ts";
import type { TextRepairs } from "../../views/values/text.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import type { View } from "../../views/view.ts";
import type { RejectSpool } from "../../runs/rejects/reject-spool.ts";
import { RepeatedKeys } from "./repeated-keys.ts";
import { sharedColumns } from "../tables/load-tables.ts";
import { endStagedRow, stagedColumnCount } from "../tables/staging.ts";
import type { RejectedKeys } from "../missing/rejected-keys.ts";
import type { WaitingRows } from "../first-load/waiting-rows.ts";
import { formatNumberOf } from "../../format/format.ts";

/** The first byte of a UTF-8 character is below 0x80 or from 0xc0 on. */
const CONTINUATION_MASK = 0xc0;
const CONTINUATION = 0x80;
const LONGEST_CHARACTER_BYTES = 4;

const NO_FINGERPRINT = new Uint32Array(4);

/** An entry of an index has a third of a page at most; values that are together shorter than this always fit. */
const MAX_INDEXED_BYTES = 2000;

/** Where the rows go. */
export type RowDestination =
  | { readonly kind: "staging" }
  | {
      /** The view's own table, empty until now. */
      readonly kind: "table";
      /** Which of the view's columns an index holds and have values of any length, by their place in the view. */
      readonly indexedColumns: readonly number[];
      /** Whether the rows are written as frozen. */
      readonly freeze: boolean;
      /** Takes the rows that the table may not hold as they are: of a repeated key, or too long for an index. */
      readonly waiting: WaitingRows;
    };

/**
 * Makes of each record of a document a row for COPY, or a reject.
 *
 * There are two ways into the converter. Nearly all records are flat and hold only fields of the view: they are scanned
 * in the bytes of the document, and no object or string is created for them. The others are read by JSON.parse, which also decides what is
 * JSON and what is not.
 */
export class RowStager {
  readonly #view: View;
  readonly #rejects: RejectSpool;
  readonly #converter: RecordConverter;
  readonly #rows: CopyBinaryWriter;
  readonly #keys: RepeatedKeys;
  readonly #scanner: RecordScanner;
  readonly #destination: RowDestination;
  readonly #rejectedKeys: RejectedKeys | undefined;
  #position = 0;
  #fingerprint: Uint32Array = NO_FINGERPRINT;
  /** Repairs of texts in all rows before this one. */
  #repairsBefore = 0;
  /** Whether the records in the chunk need no check of their own: it is valid UTF-8 as a whole. */
  #isChunkUtf8 = false;

  /**
   * @param rejectedKeys receives the keys of rejected records; undefined when nobody needs them
   * @param module the one in whose memory the records will be, if there is one
   */
  constructor(
    view: View,
    timeZone: TimeZone,
    rejects: RejectSpool,
    destination: RowDestination,
    rejectedKeys?: RejectedKeys,
    module?: FramingModule,
  ) {
    this.#view = view;
    this.#rejects = rejects;
    this.#converter = new RecordConverter(view, timeZone);
    this.#scanner = new RecordScanner(this.#converter.fields, module);
    this.#destination = destination;
    this.#rejectedKeys = rejectedKeys;
    this.#rows = new CopyBinaryWriter(
      destination.kind === "staging" ? stagedColumnCount(view) : sharedColumns(view).length,
    );
    this.#keys = new RepeatedKeys(view);
  }

  /** How many rows have a key that may have come before. */
  get possibleDuplicates(): number {
    return this.#keys.possibleDuplicates;
  }

  get drift(): SchemaDrift {
    return this.#converter.drift;
  }

  get rejectedFields(): RejectedFields {
    return this.#converter.rejectedFields;
  }

  get repairs(): Readonly<TextRepairs> {
    return this.#converter.repairs;
  }

  /** Of the rows that wait to be taken. */
  get pendingBytes(): number {
    return this.#rows.pending;
  }

  /** The rows made since the last call, for COPY. */
  takeRows(): Buffer {
    return this.#rows.take();
  }

  /** To be called with each chunk of the document before its records come. */
  beginChunk(chunk: Buffer): void {
    this.#isChunkUtf8 = isUtf8(wholeCharacters(chunk));
  }

  /**
   * Stages a record.
   *
   * @param position the record's place in the document, from 1
   * @param fingerprint four words, valid during the call
   * @param isInChunk whether the chunk holds all of it
   */
  stage(
    bytes: Buffer,
    start: number,
    end: number,
    position: number,
    fingerprint: Uint32Array,
    isInChunk: boolean,
  ): void {
    this.#position = position;
    this.#fingerprint = fingerprint;
    if (!(isInChunk && this.#isChunkUtf8) && !isUtf8(bytes.subarray(start, end))) {
      const rejection: Rejection = { reason: "invalid_utf8", message: "The record is not valid UTF-8." };
      this.#reject(rejection, null, bytes.toString("utf8", start, end));
      return;
    }
    if (this.#scanner.scan(bytes, start, end) === end) this.#stageScanned(bytes, start, end);
    else if (isTooComplex(bytes, start, end))
      this.#reject(TOO_COMPLEX, null, bytes.toString("utf8", start, end));
    else this.#stageParsed(bytes.toString("utf8", start, end));
  }

  #stageScanned(bytes: Buffer, start: number, end: number): void {
    this.#rows.beginRow();
    const problem = this.#converter.convertFields(this.#rows);
    if (problem === undefined) {
      this.#endRow();
    } else {
      const json = bytes.toString("utf8", start, end);
      this.#rejectProblem(problem, parseRecord(json, this.#position) as SourceRecord, json);
    }
  }

  #stageParsed(json: string): void {
    const record = parseRecord(json, this.#position);
    if (!isRecord(record)) {
      this.#reject({ reason: "not_an_object", message: notAnObject(record) }, null, json);
      return;
    }
    this.#rows.beginRow();
    const problem = this.#converter.convertParsed(record, json, this.#rows);
    if (problem === undefined) this.#endRow();
    else this.#rejectProblem(problem, record, json);
  }

  #endRow(): void {
    const rows = this.#rows;
    const destination = this.#destination;
    this.#writeFingerprint();
    const mayRepeat = this.#keys.mayRepeat(rows);
    if (destination.kind === "staging") endStagedRow(rows, this.#position, mayRepeat);
    else if (mayRepeat || bytesOf(rows, destination.indexedColumns) > MAX_INDEXED_BYTES)
      destination.waiting.add(rows, this.#position, mayRepeat);
    else rows.endRow();
  }

  /**
   * A row gets no fingerprint when every load has something to tell of its record, so that no load skips it: a field that
   * the view does not define, or a text that PostgreSQL cannot hold as it came.
   */
  #writeFingerprint(): void {
    const { nulsRemoved, surrogatesReplaced } = this.#converter.repairs;
    const repairs = nulsRemoved + surrogatesReplaced;
    const hasExtra = (this.#rows.valueLengths[this.#view.columns.length] as number) >= 0;
    if (hasExtra || repairs > this.#repairsBefore) this.#rows.writeNull();
    else this.#rows.writeUuid(this.#fingerprint);
    this.#repairsBefore = repairs;
  }

  #rejectProblem(problem: Problem, record: SourceRecord, json: string): void {
    const key = describeKey(this.#view, record, json);
    this.#reject(describeProblem(problem, record, json), key, json);
  }

  #reject({ reason, field, message }: Rejection, key: string | null, raw: string): void {
    // Without a key in words, the record is no object in UTF-8.
    if (key === null) this.#rejectedKeys?.addUnreadable();
    else this.#rejectedKeys?.add(raw);
    this.#rejects.add({
      position: this.#position,
      key,
      field: field ?? null,
      reason,
      message,
      sqlState: null,
      raw,
    });
  }
}

/** How many bytes the row being written has in these columns. */
function bytesOf({ valueLengths }: CopyBinaryWriter, columns: readonly number[]): number {
  let bytes = 0;
  for (const index of columns) bytes += Math.max(0, valueLengths[index] as number);
  return bytes;
}

/** The chunk without the halves of characters at its ends. */
function wholeCharacters(chunk: Buffer): Buffer {
  let start = 0;
  while (start < LONGEST_CHARACTER_BYTES && isContinuation(chunk[start])) start += 1;
  let end = chunk.length;
  while (end > start && chunk.length - end < LONGEST_CHARACTER_BYTES && isContinuation(chunk[end - 1]))
    end -= 1;
  // The first byte of the last character, when that is longer than one byte and may not be whole.
  if (end > start && (chunk[end - 1] as number) >= CONTINUATION_MASK) end -= 1;
  else end = chunk.length;
  return chunk.subarray(start, end);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & CONTINUATION_MASK) === CONTINUATION;
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
      `Record ${position} of the document is not valid JSON: ${errorMessage(error)}.`,
      {
        remedy: `The record begins ${JSON.stringify(json.slice(0, 120))}; the OTC team has to mend it.`,
        cause: error,
      },
    );
  }
}

/** A list is also what a row of CSV becomes that has more values than its header. */
function notAnObject(value: unknown): string {
  const what = Array.isArray(value) ? `a list of ${formatNumberOf(value.length, "value")}, ` : "";
  return `The record is ${what}not a JSON object with fields.`;
}

function isRecord(value: unknown): value is SourceRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
