import { checkEnvelope, findRecordList, noRecordList } from "./envelope.ts";
import { SourceError } from "../errors/source-error.ts";
import { formatNumberOf } from "../format/format.ts";

/** What may stand around the list of records; a document whose list begins later than this has none. */
const MAX_ENVELOPE_BYTES = 1024 * 1024;

const UTF8_BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes of a document, and where the inside of its list of records begins in them. */
interface ListBeginning {
  readonly bytes: Buffer;
  readonly from: number;
}

/** Keeps what stands around the list of records, which comes chunk by chunk, to be checked at the end. */
export class ListEnvelope {
  #beginning: Buffer = Buffer.alloc(0);
  #end: Buffer = Buffer.alloc(0);

  /**
   * Looks for the list in a chunk and all that came before it. To be called until it is found.
   *
   * @returns the chunk itself as a rule, else a copy of what has come, or undefined when the list has not begun
   * @throws SourceError `document` when a megabyte has come without it
   */
  seekList(chunk: Buffer): ListBeginning | undefined {
    // As a rule the first chunk, which is then framed as it came.
    let beginning = this.#beginning.length === 0 ? chunk : Buffer.concat([this.#beginning, chunk]);
    if (beginning.subarray(0, 3).equals(UTF8_BYTE_ORDER_MARK)) beginning = beginning.subarray(3);
    const list = findRecordList(beginning);
    if (list === undefined) {
      if (beginning.length > MAX_ENVELOPE_BYTES) throw noRecordList(beginning);
      // The chunk is the caller's to use again.
      this.#beginning = Buffer.from(beginning);
      return undefined;
    }
    this.#beginning = Buffer.from(beginning.subarray(0, list));
    return { bytes: beginning, from: list + 1 };
  }

  /**
   * Keeps a part of what follows the list.
   *
   * @throws SourceError `document` when it is more than a megabyte
   */
  appendEnd(part: Buffer): void {
    this.#end = Buffer.concat([this.#end, part]);
    if (this.#end.length > MAX_ENVELOPE_BYTES) {
      throw new SourceError("document", `More than ${MAX_ENVELOPE_BYTES} bytes follow the list of records.`);
    }
  }

  /** @throws SourceError `document` unless beginning and end make one JSON document. */
  check(): void {
    checkEnvelope(this.#beginning, this.#end);
  }

  /** The error for a document that is over, and its list has not begun. */
  noList(): SourceError {
    return noRecordList(this.#beginning);
  }
}

/** The error for a document that is over before its list is, after so many whole records and bytes. */
export function cutShort(records: number, bytes: number): SourceError {
  return new SourceError(
    "document",
    `The document is incomplete: it ends after ${formatNumberOf(records, "record")} and ${formatNumberOf(bytes, "byte")}.`,
    { retryable: true, remedy: "It was cut short in transfer. None of its records were loaded." },
  );
}

/** @param record its number, from 1 */
export function recordTooLarge(record: number, maxRecordBytes: number): SourceError {
  return new SourceError(
    "document",
    `Record ${record} of the document is larger than ${maxRecordBytes} bytes.`,
    {
      remedy: "If such records are expected, raise OTC_MAX_RECORD_BYTES.",
    },
  );
}

/** The error for a comma or bracket that stands after so many records where one more has to come. */
export function noRecord(records: number, byte: number): SourceError {
  return unexpected(records, byte, "a record");
}

/** The error for a byte behind so many records that neither goes on with the list nor ends it. */
export function noSeparator(records: number, byte: number): SourceError {
  return unexpected(records, byte, "a comma or the end of the list");
}

function unexpected(records: number, byte: number, expected: string): SourceError {
  return new SourceError(
    "document",
    `The document is damaged: after record ${records}, ` +
      `${JSON.stringify(String.fromCharCode(byte))} was found where ${expected} was expected.`,
    { retryable: true },
  );
}
