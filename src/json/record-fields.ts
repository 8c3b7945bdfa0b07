/** The kinds of JSON values that a field can have. They are small numbers because a typed array stores them. */
export const ABSENT = 0;
export const NULL = 1;
/** The field's bytes are the text itself: UTF-8, without quotes and escapes. */
export const STRING = 2;
/** The field's bytes are the number as it was sent. */
export const NUMBER = 3;
export const TRUE = 4;
export const FALSE = 5;
/** A list or an object; the field's bytes are its JSON. */
export const NESTED = 6;
/** A list or an object that is nested too deeply to be stored. */
export const TOO_DEEP = 7;

/** The kinds whose bytes are a value's text. */
export type ScalarKind = typeof STRING | typeof NUMBER;

/**
 * The places of one record's values, for the fields of a given list. One object serves all records of a document,
 * because a million records must not cause a million objects.
 */
export class RecordFields {
  readonly names: readonly string[];
  /** One entry per name, from the constants above. */
  readonly kinds: Uint8Array;
  /** The buffer with a field's bytes: the document's or, for decoded values, `scratch`. Only for STRING, NUMBER and NESTED. */
  readonly sources: Buffer[];
  readonly starts: Int32Array;
  /** Exclusive. */
  readonly ends: Int32Array;
  #scratch = Buffer.allocUnsafeSlow(4096);
  #scratchWords = new DataView(this.#scratch.buffer);
  #scratchUsed = 0;

  constructor(names: readonly string[]) {
    this.names = names;
    this.kinds = new Uint8Array(names.length);
    this.sources = names.map(() => this.#scratch);
    this.starts = new Int32Array(names.length);
    this.ends = new Int32Array(names.length);
  }

  /** Forgets the last record. */
  clear(): void {
    this.kinds.fill(ABSENT);
    this.#scratchUsed = 0;
  }

  set(index: number, kind: number, source: Buffer, start: number, end: number): void {
    this.kinds[index] = kind;
    this.sources[index] = source;
    this.starts[index] = start;
    this.ends[index] = end;
  }

  /** Sets a field's bytes from a text. Half a surrogate pair becomes U+FFFD. */
  setText(index: number, kind: number, text: string): void {
    // No UTF-16 unit takes more than three bytes.
    const start = this.reserve(text.length * 3);
    const end = start + this.#scratch.write(text, start, "utf8");
    this.keep(end);
    this.set(index, kind, this.#scratch, start, end);
  }

  /** The buffer for values whose bytes differ from the document's. `reserve` returns the offset to write at. */
  get scratch(): Buffer {
    return this.#scratch;
  }

  /** The same, for writing several bytes at a time. */
  get scratchWords(): DataView {
    return this.#scratchWords;
  }

  /** Makes room in `scratch`. When it is full, a larger buffer replaces it, and fields keep the old one they point to. */
  reserve(bytes: number): number {
    if (this.#scratchUsed + bytes > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(bytes, this.#scratch.length * 2));
      this.#scratchWords = new DataView(this.#scratch.buffer);
      this.#scratchUsed = 0;
    }
    return this.#scratchUsed;
  }

  /** Keeps what was written to `scratch`, up to `end`. */
  keep(end: number): void {
    this.#scratchUsed = end;
  }
}
