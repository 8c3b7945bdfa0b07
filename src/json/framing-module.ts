import { createHash } from "node:crypto";
import { FRAMING_MODULE_BASE64 } from "./framing-module-bytes.ts";

/** What assembly/frame-records.ts exports. Addresses are offsets in its memory, lengths are bytes. */
interface FramingExports {
  readonly memory: Memory;
  readonly keys: Global;
  readonly KEYS_BYTES: Global;
  readonly results: Global;
  readonly resultCount: Global;
  readonly recordCount: Global;
  readonly position: Global;
  readonly recordStart: Global;
  readonly begin: (maxRecordBytes: number) => void;
  readonly indexRows: (from: number, count: number, slots: number) => void;
  readonly findRow: (fingerprint: number) => number;
  readonly frame: (from: number, end: number) => number;
  readonly describeFields: (
    count: number,
    names: number,
    followers: number,
    kinds: number,
    starts: number,
    ends: number,
    decoded: number,
  ) => void;
  readonly scanRecord: (from: number, end: number) => number;
}

/** Where in the memory of the module the fields of a view are described, and those of a record written. */
export interface FieldAddresses {
  /** Address and length (32 bits each) of each field's name, in quotes. Up to 15 bytes behind it are read. */
  readonly names: number;
  /** For each field, the one that is expected behind it; then the one that is expected first. */
  readonly followers: number;
  /** A byte for each field. */
  readonly kinds: number;
  /** 32 bits for each field. */
  readonly starts: number;
  readonly ends: number;
  /** Room for the decoded texts of a record: as much as the record and 16 bytes more. */
  readonly decoded: number;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

interface Global {
  value: number;
}

/** The part of WebAssembly's interface that is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Why `frame` returned, as in assembly/frame-records.ts. */
export const INPUT_READ = 0;
export const LIST_ENDED = 1;
export const NO_RECORD = 2;
export const NO_SEPARATOR = 3;
export const TOO_LARGE = 4;
export const RESULTS_FULL = 5;

/** 32-bit words of a result: where the record starts and ends, its number among those framed, 0, its fingerprint. */
export const RESULT_WORDS = 8;
/** The first word of the fingerprint. */
export const RESULT_FINGERPRINT = 4;
/** 32-bit words of a fingerprint. */
export const FINGERPRINT_WORDS = 4;

const FINGERPRINT_BYTES = FINGERPRINT_WORDS * Uint32Array.BYTES_PER_ELEMENT;

/** 32-bit words of a known row: its fingerprint, how often it was seen, and at which position last. */
export const ROW_WORDS = 6;
export const ROW_TIMES_SEEN = 4;
export const ROW_LAST_POSITION = 5;

const PAGE_BYTES = 64 * 1024;

/** SIMD reads and writes so many bytes at a time. */
const ALIGNMENT = 16;

/** How far behind its input the module reads. */
const MARGIN_BYTES = 64;

const MAX_UINT32 = 0xffff_ffff;

const SHORTEST_KEY_BYTES = 16;

const KEY_PURPOSE = "otc-etl: fingerprints of records\n";

let compiled: object | undefined;

/**
 * An instance of the module that frames records, hashes them and finds the rows they were seen in, with its memory.
 * Behind what the module uses itself stand the known rows, if there are any, their slots, and the input.
 */
export class FramingModule {
  readonly #exports: FramingExports;
  /** The memory of the module. Replaced when it grows. */
  bytes: Buffer;
  /** The same as 32-bit words. */
  words: Uint32Array;
  /** Where there is nothing yet; input may be written from here on. */
  free: number;

  /** Compiles the module, once in a process. */
  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(FRAMING_MODULE_BASE64, "base64"));
    this.#exports = new WebAssembly.Instance(compiled).exports as FramingExports;
    this.free = this.#exports.memory.buffer.byteLength;
    this.bytes = Buffer.from(this.#exports.memory.buffer);
    this.words = new Uint32Array(this.#exports.memory.buffer);
  }

  /** Makes the memory reach to this address, and as far behind it as the module reads. */
  reserve(end: number): void {
    const missing = end + MARGIN_BYTES - this.bytes.length;
    if (missing <= 0) return;
    const { memory } = this.#exports;
    memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.bytes = Buffer.from(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
  }

  /** Takes memory for good, whatever it holds. To be called before anything is framed. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.free / ALIGNMENT) * ALIGNMENT;
    this.free = address + bytes;
    this.reserve(this.free);
    return address;
  }

  /** Says which fields records have, before they are scanned. */
  describeFields(count: number, { names, followers, kinds, starts, ends, decoded }: FieldAddresses): void {
    this.#exports.describeFields(count, names, followers, kinds, starts, ends, decoded);
  }

  /**
   * Reads the values of the record between two addresses.
   *
   * @returns where it ends (exclusive); 0 for a record of an unusual shape
   */
  scanRecord(from: number, end: number): number {
    return this.#exports.scanRecord(from, end);
  }

  /** Makes the rows known that were written from an address on; `slots` slots behind them have to be zero. */
  indexRows(from: number, count: number, slots: number): void {
    this.#exports.indexRows(from, count, slots);
  }

  /**
   * The number of the row with a fingerprint; undefined when there is none, or more than one.
   *
   * @param bytes holds the fingerprint from `offset` on
   */
  findRow(bytes: Buffer, offset: number): number | undefined {
    this.reserve(this.free + FINGERPRINT_BYTES);
    bytes.copy(this.bytes, this.free, offset, offset + FINGERPRINT_BYTES);
    const row = this.#exports.findRow(this.free);
    return row < 0 ? undefined : row;
  }

  /** Begins a document, behind the bracket that opens its list. No row has been seen then. */
  begin(key: Uint8Array, maxRecordBytes: number): void {
    if (key.length < SHORTEST_KEY_BYTES) {
      throw new RangeError(
        `The key of fingerprints has ${key.length} bytes; it needs at least ${SHORTEST_KEY_BYTES} bytes.`,
      );
    }
    const outputLength = this.#exports.KEYS_BYTES.value;
    const keys = createHash("shake256", { outputLength }).update(KEY_PURPOSE).update(key).digest();
    keys.copy(this.bytes, this.#exports.keys.value);
    this.#exports.begin(Math.min(maxRecordBytes, MAX_UINT32));
  }

  /** Goes on framing with these bytes of the memory; answers one of the reasons above. */
  frame(from: number, end: number): number {
    return this.#exports.frame(from, end);
  }

  /** How many records the last `frame` found. */
  get recordCount(): number {
    return this.#exports.recordCount.value;
  }

  /** How many of them are not known: those are the results. */
  get resultCount(): number {
    return this.#exports.resultCount.value;
  }

  /** Where the results of the last `frame` begin in `words`. */
  get results(): number {
    return this.#exports.results.value / Uint32Array.BYTES_PER_ELEMENT;
  }

  /** The address at which the last `frame` stopped, unless it read all input. */
  get position(): number {
    return this.#exports.position.value;
  }

  /** The address at which the record begins that the input cuts, 0 when it cuts none. To be set when it moves. */
  get recordStart(): number {
    return this.#exports.recordStart.value;
  }

  set recordStart(address: number) {
    this.#exports.recordStart.value = address;
  }
}
