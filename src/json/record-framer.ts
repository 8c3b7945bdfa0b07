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
import { cutShort, ListEnvelope, noRecord, noSeparator, recordTooLarge } from "./list-envelope.ts";

/** Receives one record: the bytes from `start` to `end` (exclusive) of `bytes`, valid only during the call. */
type OnRecord = (bytes: Buffer, start: number, end: number) => void;

/**
 * Where the framer stands. `list`: after `[`, a value or the end may come. `value`: after a comma, a value must come.
 * `separator`: after a value, a comma or the end must come. `nested` and `scalar`: inside a value.
 */
type State = "beginning" | "list" | "value" | "nested" | "scalar" | "separator" | "end";

/**
 * Finds the boundaries of the records in the bytes of a document, chunk by chunk, without parsing them: JSON's
 * brackets and quotes are ASCII, and no byte of a multi-byte character looks like one. It holds at most one record.
 *
 * Whether a record is valid JSON is for the caller's JSON.parse to say.
 */
export class RecordFramer {
  readonly #maxRecordBytes: number;
  readonly #envelope = new ListEnvelope();
  #state: State = "beginning";
  /** The part of the current record that came in earlier chunks. */
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

  /** @throws SourceError `document` as soon as it is clear that this is no list of records. */
  push(chunk: Buffer, onRecord: OnRecord): void {
    this.#bytes += chunk.length;
    if (this.#state === "beginning") {
      const list = this.#envelope.seekList(chunk);
      if (list === undefined) return;
      this.#state = "list";
      this.#frame(list.bytes, list.from, onRecord);
    } else if (this.#state === "end") {
      this.#envelope.appendEnd(chunk);
    } else {
      this.#frame(chunk, 0, onRecord);
    }
  }

  /** @throws SourceError `document` unless the document was complete. */
  finish(): void {
    if (this.#state === "beginning") throw this.#envelope.noList();
    if (this.#state !== "end") throw cutShort(this.#records, this.#bytes);
    this.#envelope.check();
  }

  #frame(chunk: Buffer, from: number, onRecord: OnRecord): void {
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
            start = index;
            this.#state = "nested";
          } else if (byte === CLOSE_BRACKET && this.#state === "list") {
            this.#state = "end";
            this.#envelope.appendEnd(chunk.subarray(index + 1));
            return;
          } else if (byte === COMMA || byte === CLOSE_BRACKET) {
            throw noRecord(this.#records, byte);
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
            this.#envelope.appendEnd(chunk.subarray(index + 1));
            return;
          } else if (!isJsonSpace(byte)) {
            throw noSeparator(this.#records, byte);
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

  /** Scans on inside a list or object, to just behind its end (then `#depth` is 0) or to the chunk's end. */
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

  /** Scans on inside a string, to just behind its closing quote or to the chunk's end. */
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

  /** Keeps a part of a record for the next chunk, in a buffer that doubles: a record of n bytes costs O(n) copying. */
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
    if (bytes > this.#maxRecordBytes) throw recordTooLarge(this.#records + 1, this.#maxRecordBytes);
  }
}
