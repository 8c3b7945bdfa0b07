import {
  FINGERPRINT_WORDS,
  FramingModule,
  ROW_LAST_POSITION,
  ROW_TIMES_SEEN,
  ROW_WORDS,
} from "./framing-module.ts";

const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;
const ROW_BYTES = ROW_WORDS * WORD_BYTES;

/** 24 bytes of a row and 7 bytes of slots. */
const DEFAULT_LIMIT = 4_000_000;

/** A search looks at 1.7 slots on average when it finds, at 3.2 when it does not. */
const SLOTS_PER_ROW = 1.75;

/** Memory is asked for in steps; what is not used of them is not resident. */
const STEP_BYTES = 4 * 1024 * 1024;

/**
 * The fingerprints of a table's rows, and what a document says of each row: how often its record came, and where last.
 * 31 bytes for each row. FingerprintFramer looks them up, in the memory of its module, where they are kept.
 *
 * Rows are known by a number from 0, in the order in which they were added.
 *
 * A fingerprint says which record a row was made of. When two rows have the same one, somebody has copied it, and it
 * says nothing: a record with it is not known.
 */
export class KnownFingerprints {
  readonly #module = new FramingModule();
  readonly #limit: number;
  readonly #firstRow: number;
  #size = 0;
  #indexed = false;

  /** @param limit the most rows that are taken */
  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit;
    this.#firstRow = this.#module.free;
  }

  /** How many rows have been added. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds the next row.
   *
   * @param bytes holds its fingerprint from `offset` on, 16 bytes as in a `uuid` of COPY's binary format
   * @returns false when it would be one more than the limit
   */
  add(bytes: Buffer, offset: number): boolean {
    if (this.#indexed) throw new Error("A fingerprint was added while documents are framed.");
    if (this.#size === this.#limit) return false;
    const module = this.#module;
    const row = module.free;
    if (row + ROW_BYTES > module.bytes.length) module.reserve(row + STEP_BYTES);
    for (let word = 0; word < FINGERPRINT_WORDS; word += 1) {
      module.words[row / WORD_BYTES + word] = bytes.readUInt32LE(offset + word * WORD_BYTES);
    }
    module.free = row + ROW_BYTES;
    this.#size += 1;
    return true;
  }

  /** The module that looks them up. From now on none can be added. */
  index(): FramingModule {
    const module = this.#module;
    if (!this.#indexed && this.#size > 0) {
      const slots = Math.ceil(this.#size * SLOTS_PER_ROW);
      module.free += slots * WORD_BYTES;
      module.reserve(module.free);
      module.indexRows(this.#firstRow, this.#size, slots);
    }
    this.#indexed = true;
    return module;
  }

  /** How many rows have had their records in the document, and how many records those were. */
  countSeen(): { readonly rows: number; readonly records: number } {
    let rows = 0;
    let records = 0;
    for (let row = 0; row < this.#size; row += 1) {
      const times = this.timesSeen(row);
      if (times === 0) continue;
      rows += 1;
      records += times;
    }
    return { rows, records };
  }

  /**
   * The position in the document, from 0, at which the record of a fingerprint came last; undefined when it did not come.
   *
   * @param bytes holds the fingerprint from `offset` on
   */
  lastSeen(bytes: Buffer, offset: number): number | undefined {
    const row = this.#module.findRow(bytes, offset);
    return row === undefined || this.timesSeen(row) === 0 ? undefined : this.lastPosition(row);
  }

  /**
   * The row of a fingerprint; undefined when there is none, or several have the same one.
   *
   * @param bytes holds the fingerprint from `offset` on
   */
  rowOf(bytes: Buffer, offset: number): number | undefined {
    return this.#module.findRow(bytes, offset);
  }

  /** The fingerprint of a row, four words; valid until the next document is framed. */
  fingerprint(row: number): Uint32Array {
    const start = this.#firstRow / WORD_BYTES + row * ROW_WORDS;
    return this.#module.words.subarray(start, start + FINGERPRINT_WORDS);
  }

  /** How often the record of a row has come in the document. */
  timesSeen(row: number): number {
    return this.#wordOf(row, ROW_TIMES_SEEN);
  }

  /** The position in the document at which the record of a row came last; only for one that has come. */
  lastPosition(row: number): number {
    return this.#wordOf(row, ROW_LAST_POSITION);
  }

  #wordOf(row: number, word: number): number {
    return this.#module.words[this.#firstRow / WORD_BYTES + row * ROW_WORDS + word] as number;
  }
}
