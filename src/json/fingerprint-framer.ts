import {
  FINGERPRINT_WORDS,
  type FramingModule,
  INPUT_READ,
  LIST_ENDED,
  NO_RECORD,
  NO_SEPARATOR,
  RESULT_FINGERPRINT,
  RESULT_WORDS,
  RESULTS_FULL,
  TOO_LARGE,
} from "./framing-module.ts";
import { KnownFingerprints } from "./known-fingerprints.ts";
import { cutShort, ListEnvelope, noRecord, noSeparator, recordTooLarge } from "./list-envelope.ts";

/** So much of a chunk is copied and framed at a time: it stays in the processor's second cache. */
const PIECE_BYTES = 256 * 1024;

export interface FingerprintFramerOptions {
  readonly maxRecordBytes: number;
  /** At least 16 random bytes. Under another key all records have other fingerprints. */
  readonly key: Uint8Array;
  /** Records with one of these are only noted there. One framer at a time. */
  readonly known?: KnownFingerprints;
}

/**
 * Receives one record that is not known: the bytes from `start` to `end` (exclusive) of `bytes`, which is the memory of
 * the framer's module, its position in the document, from 0, four words whose 16 bytes are the record's fingerprint, and
 * whether the chunk that was pushed holds all of it. Bytes and words are valid only during the call.
 */
type OnUnknownRecord = (
  bytes: Buffer,
  start: number,
  end: number,
  position: number,
  fingerprint: Uint32Array,
  isInChunk: boolean,
) => void;

/**
 * Frames records as RecordFramer does, and makes a fingerprint of each: a keyed hash of its bytes. What stands in the
 * list is read by WebAssembly, with SIMD; what stands around it is judged by the same code as there.
 *
 * Two different records have the same fingerprint with a probability below 2^-125, whoever wrote them, as long as the
 * key is not known to the writer: see docs/adr/0024-fingerprints-in-webassembly.md.
 */
export class FingerprintFramer {
  readonly #maxRecordBytes: number;
  readonly #envelope = new ListEnvelope();
  readonly #module: FramingModule;
  readonly #fingerprint = new Uint32Array(FINGERPRINT_WORDS);
  #state: "beginning" | "list" | "end" = "beginning";
  /** Bytes of the current record that came in earlier pieces; they stand at the beginning of the module's input. */
  #carriedBytes = 0;
  #records = 0;
  #bytes = 0;

  constructor({ maxRecordBytes, key, known = new KnownFingerprints() }: FingerprintFramerOptions) {
    this.#maxRecordBytes = maxRecordBytes;
    this.#module = known.index();
    this.#module.begin(key, maxRecordBytes);
  }

  /** The module in whose memory the records are. */
  get module(): FramingModule {
    return this.#module;
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
  push(chunk: Buffer, onRecord: OnUnknownRecord): void {
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
    if (this.#state === "list") throw cutShort(this.#records, this.#bytes);
    this.#envelope.check();
  }

  #frame(chunk: Buffer, from: number, onRecord: OnUnknownRecord): void {
    for (let start = from; start < chunk.length; start += PIECE_BYTES) {
      const end = Math.min(start + PIECE_BYTES, chunk.length);
      const listEnd = this.#framePiece(chunk, start, end, onRecord);
      if (listEnd !== undefined) {
        this.#state = "end";
        this.#envelope.appendEnd(chunk.subarray(listEnd));
        return;
      }
    }
  }

  /** @returns where the list ends (exclusive), if it does */
  #framePiece(chunk: Buffer, start: number, end: number, onRecord: OnUnknownRecord): number | undefined {
    const module = this.#module;
    const inputStart = module.free + this.#carriedBytes;
    const inputEnd = inputStart + end - start;
    module.reserve(inputEnd);
    chunk.copy(module.bytes, inputStart, start, end);
    /** From an address in the module's memory to an offset in the chunk. */
    const shift = start - inputStart;

    let outcome = module.frame(inputStart, inputEnd);
    this.#handOut(inputStart, onRecord);
    while (outcome === RESULTS_FULL) {
      outcome = module.frame(module.position, inputEnd);
      this.#handOut(inputStart, onRecord);
    }
    switch (outcome) {
      case INPUT_READ:
        this.#carry(inputEnd);
        return undefined;
      case LIST_ENDED:
        return module.position + shift + 1;
      case NO_RECORD:
        throw noRecord(this.#records, module.bytes[module.position] as number);
      case NO_SEPARATOR:
        throw noSeparator(this.#records, module.bytes[module.position] as number);
      case TOO_LARGE:
        throw recordTooLarge(this.#records + 1, this.#maxRecordBytes);
      default:
        throw new Error(`The framing module answered ${outcome}.`);
    }
  }

  /** @param chunkStart where the bytes of the chunk begin */
  #handOut(chunkStart: number, onRecord: OnUnknownRecord): void {
    const { bytes, words, results, resultCount, recordCount } = this.#module;
    const fingerprint = this.#fingerprint;
    const before = this.#records;
    const end = results + resultCount * RESULT_WORDS;
    for (let result = results; result < end; result += RESULT_WORDS) {
      const recordStart = words[result] as number;
      const recordEnd = words[result + 1] as number;
      const position = before + (words[result + 2] as number);
      for (let word = 0; word < FINGERPRINT_WORDS; word += 1) {
        fingerprint[word] = words[result + RESULT_FINGERPRINT + word] as number;
      }
      this.#records = position + 1;
      onRecord(bytes, recordStart, recordEnd, position, fingerprint, recordStart >= chunkStart);
    }
    this.#records = before + recordCount;
  }

  /** Keeps the record that the input cuts, where the next piece will be put behind it. */
  #carry(inputEnd: number): void {
    const module = this.#module;
    const { free: inputStart, recordStart } = module;
    this.#carriedBytes = recordStart === 0 ? 0 : inputEnd - recordStart;
    if (this.#carriedBytes === 0) return;
    if (this.#carriedBytes > this.#maxRecordBytes) {
      throw recordTooLarge(this.#records + 1, this.#maxRecordBytes);
    }
    if (recordStart === inputStart) return;
    module.bytes.copyWithin(inputStart, recordStart, inputEnd);
    module.recordStart = inputStart;
  }
}
