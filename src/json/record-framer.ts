import { checkEnvelope, findRecordList, noRecordList } from "./envelope.ts";
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isJsonSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./json-bytes.ts";
import { SourceError } from "../errors/source-error.ts";

/** The most that may surround the list of records. A document whose list begins later is treated as having none. */
const MAX_ENVELOPE_BYTES = 1024 * 1024;

const UTF8_BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Receives one record: the bytes from `start` to `end` (exclusive) of `bytes`, valid only during the call. */
type OnRecord = (bytes: Buffer, start: number, end: number) => void;

/**
 * Tries to read a record of which only the beginning is known. If it can, the framer need not search for the end.
 *
 * @returns where the record ends (exclusive), or a negative number when nothing was read
 */
type TryRecord = (bytes: Buffer, start: number) => number;

const NOT_READ = -1;

const readNothing: TryRecord = () => NOT_READ;

/**
 * What the framer expects. `list`: after `[`, a value or the end may follow. `value`: after a comma, a value must follow.
 * `separator`: after a value, a comma or the end must follow. `nested` and `scalar`: inside a value.
 */
type State = "beginning" | "list" | "value" | "nested" | "scalar" | "separator" | "end";

/**
 * Finds the boundaries of the records in the bytes of a document, chunk by chunk, without parsing them. That is possible
 * because JSON's brackets and quotes are ASCII, which no byte of a multi-byte character is. It holds at most one record.
 *
 * It does not check whether a record is valid JSON. The caller's JSON.parse does.
 */
export class RecordFramer {
  readonly #maxRecordBytes: number;
  #state: State = "beginning";
  /** The bytes around the list, which `finish` checks. */
  #beginning: Buffer = Buffer.alloc(0);
  #end: Buffer = Buffer.alloc(0);
  /** The part of the current record that earlier chunks contained. */
  #carried = Buffer.alloc(0);
  #carriedBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #records = 0;
  #bytes = 0;

  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Records framed so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes of the document seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws SourceError `document` as soon as it is clear that the document is not a list of records. */
  push(chunk: Buffer, onRecord: OnRecord, tryRecord: TryRecord = readNothing): void {
    this.#bytes += chunk.length;
    if (this.#state === "beginning") {
      this.#seekList(chunk, onRecord, tryRecord);
    } else if (this.#state === "end") {
      this.#appendEnd(chunk);
    } else {
      this.#frame(chunk, 0, onRecord, tryRecord);
    }
  }

  /** @throws SourceError `document` unless the document was complete. */
  finish(): void {
    if (this.#state === "beginning") throw noRecordList(this.#beginning);
    if (this.#state !== "end") {
      throw new SourceError(
        "document",
        `The document is incomplete: it ends after ${this.#records} records and ${this.#bytes} bytes.`,
        { retryable: true, remedy: "It was cut short in transfer. None of its records were loaded." },
      );
    }
    checkEnvelope(this.#beginning, this.#end);
  }

  #seekList(chunk: Buffer, onRecord: OnRecord, tryRecord: TryRecord): void {
    // Usually the first chunk contains the whole beginning, and needs no copy.
    let beginning = this.#beginning.length === 0 ? chunk : Buffer.concat([this.#beginning, chunk]);
    if (beginning.subarray(0, 3).equals(UTF8_BYTE_ORDER_MARK)) beginning = beginning.subarray(3);
    const list = findRecordList(beginning);
    if (list === undefined) {
      if (beginning.length > MAX_ENVELOPE_BYTES) throw noRecordList(beginning);
      // The caller may reuse the chunk, so that its bytes have to be copied.
      this.#beginning = Buffer.from(beginning);
      return;
    }
    this.#beginning = Buffer.from(beginning.subarray(0, list));
    this.#state = "list";
    this.#frame(beginning, list + 1, onRecord, tryRecord);
  }

  #frame(chunk: Buffer, from: number, onRecord: OnRecord, tryRecord: TryRecord): void {
    const length = chunk.length;
    /** Where the current record begins in this chunk. */
    let start = from;
    let index = from;
    while (index < length) {
      const byte = chunk[index] as number;
      switch (this.#state) {
        case "nested": {
          index = this.#scanNested(chunk, index);
          if (this.#depth > 0) continue;
          this.#emit(chunk, start, index, onRecord);
          this.#state = "separator";
          continue;
        }
        case "scalar": {
          if (this.#inString) {
            index = this.#scanString(chunk, index);
            continue;
          }
          if (byte === COMMA || byte === CLOSE_BRACKET || isJsonSpace(byte)) {
            this.#emit(chunk, start, index, onRecord);
            this.#state = "separator";
            continue;
          }
          if (byte === QUOTE) this.#inString = true;
          index += 1;
          continue;
        }
        case "list":
        case "value": {
          if (isJsonSpace(byte)) {
            index += 1;
          } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
            const end = byte === OPEN_BRACE ? this.#tryRecord(chunk, index, tryRecord) : NOT_READ;
            if (end === NOT_READ) {
              start = index;
              this.#state = "nested";
            } else {
              index = end;
              this.#state = "separator";
            }
          } else if (byte === CLOSE_BRACKET && this.#state === "list") {
            this.#state = "end";
            this.#appendEnd(chunk.subarray(index + 1));
            return;
          } else if (byte === COMMA || byte === CLOSE_BRACKET) {
            throw this.#unexpected(byte, "a record");
          } else {
            start = index;
            this.#state = "scalar";
          }
          continue;
        }
        case "separator": {
          if (byte === COMMA) {
            this.#state = "value";
          } else if (byte === CLOSE_BRACKET) {
            this.#state = "end";
            this.#appendEnd(chunk.subarray(index + 1));
            return;
          } else if (!isJsonSpace(byte)) {
            throw this.#unexpected(byte, "a comma or the end of the list");
          }
          index += 1;
          continue;
        }
        case "beginning":
        case "end":
          throw new Error(`The framer cannot frame records in state ${this.#state}.`);
        default:
          this.#state satisfies never;
      }
    }
    if (this.#state === "nested" || this.#state === "scalar") this.#carry(chunk.subarray(start));
  }

  #tryRecord(chunk: Buffer, start: number, tryRecord: TryRecord): number {
    const end = tryRecord(chunk, start);
    if (end < 0) return NOT_READ;
    this.#checkSize(end - start);
    this.#records += 1;
    return end;
  }

  /** Scans the rest of a list or object, to just after its end (then `#depth` is 0) or to the chunk's end. */
  #scanNested(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let depth = this.#depth;
    let index = from;
    while (index < length) {
      if (this.#inString) {
        index = this.#scanString(chunk, index);
        continue;
      }
      const byte = chunk[index] as number;
      index += 1;
      if (byte === QUOTE) {
        this.#inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) break;
      }
    }
    this.#depth = depth;
    return index;
  }

  /** Scans the rest of a string, to just after its closing quote or to the chunk's end. */
  #scanString(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let index = from;
    if (this.#escaped) {
      this.#escaped = false;
      index += 1;
    }
    while (index < length) {
      const byte = chunk[index];
      if (byte === QUOTE) {
        this.#inString = false;
        return index + 1;
      }
      if (byte === BACKSLASH) {
        index += 1;
        if (index === length) this.#escaped = true;
      }
      index += 1;
    }
    return length;
  }

  #emit(chunk: Buffer, start: number, end: number, onRecord: OnRecord): void {
    if (this.#carriedBytes === 0) {
      this.#checkSize(end - start);
      this.#records += 1;
      onRecord(chunk, start, end);
      return;
    }
    this.#carry(chunk.subarray(0, end));
    this.#records += 1;
    const bytes = this.#carriedBytes;
    this.#carriedBytes = 0;
    onRecord(this.#carried, 0, bytes);
  }

  /** Keeps a part of a record for the next chunk, in a buffer that doubles, so that n bytes cost O(n) copying. */
  #carry(part: Buffer): void {
    const bytes = this.#carriedBytes + part.length;
    this.#checkSize(bytes);
    if (bytes > this.#carried.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, this.#carried.length * 2));
      this.#carried.copy(larger, 0, 0, this.#carriedBytes);
      this.#carried = larger;
    }
    part.copy(this.#carried, this.#carriedBytes);
    this.#carriedBytes = bytes;
  }

  #checkSize(bytes: number): void {
    if (bytes <= this.#maxRecordBytes) return;
    throw new SourceError(
      "document",
      `Record ${this.#records + 1} of the document is larger than ${this.#maxRecordBytes} bytes.`,
      { remedy: "If such records are expected, raise OTC_MAX_RECORD_BYTES." },
    );
  }

  #appendEnd(part: Buffer): void {
    this.#end = Buffer.concat([this.#end, part]);
    if (this.#end.length > MAX_ENVELOPE_BYTES) {
      throw new SourceError("document", `More than ${MAX_ENVELOPE_BYTES} bytes follow the list of records.`);
    }
  }

  #unexpected(byte: number, expected: string): SourceError {
    return new SourceError(
      "document",
      `The document is damaged: after record ${this.#records}, ` +
        `${JSON.stringify(String.fromCharCode(byte))} was found where ${expected} was expected.`,
      { retryable: true },
    );
  }
}
