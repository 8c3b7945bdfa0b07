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
  kinds: Uint8Array;
  /** The buffer with a field's bytes: the document's or, for decoded values, another. Only for STRING, NUMBER and NESTED. */
  readonly sources: Buffer[];
  starts: Int32Array;
  /** Exclusive. */
  ends: Int32Array;
  #scratch = Buffer.allocUnsafeSlow(4096);
  #scratchUsed = 0;
  /** What all fields have as their source, unless there are others. */
  #source: Buffer;
  #hasOtherSources = false;

  constructor(names: readonly string[]) {
    this.names = names;
    this.kinds = new Uint8Array(names.length);
    this.#source = this.#scratch;
    this.sources = names.map(() => this.#scratch);
    this.starts = new Int32Array(names.length);
    this.ends = new Int32Array(names.length);
  }

  /** Replaces the arrays by those that a scanner fills. */
  replace(kinds: Uint8Array, starts: Int32Array, ends: Int32Array): void {
    this.kinds = kinds;
    this.starts = starts;
    this.ends = ends;
  }

  /** Forgets the last record. */
  clear(): void {
    this.kinds.fill(ABSENT);
    this.#scratchUsed = 0;
  }

  /** Tells that a scanner has read a record, whose bytes are all in this buffer. */
  setSource(source: Buffer): void {
    this.#scratchUsed = 0;
    // As a rule it is that of the record before. To write it for each field again would take as long as some values.
    if (source === this.#source && !this.#hasOtherSources) return;
    this.sources.fill(source);
    this.#source = source;
    this.#hasOtherSources = false;
  }

  /** Sets a field's bytes from a text. Half a surrogate pair becomes U+FFFD. */
  setText(index: number, kind: number, text: string): void {
    // No UTF-16 unit takes more than three bytes.
    const start = this.#reserve(text.length * 3);
    const end = start + this.#scratch.write(text, start, "utf8");
    this.#scratchUsed = end;
    this.kinds[index] = kind;
    this.sources[index] = this.#scratch;
    this.#hasOtherSources = true;
    this.starts[index] = start;
    this.ends[index] = end;
  }

  /** Makes room for a text. When it is full, a larger buffer replaces it, and fields keep the old one they point to. */
  #reserve(bytes: number): number {
    if (this.#scratchUsed + bytes > this.#scratch.length) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(bytes, this.#scratch.length * 2));
      this.#scratchUsed = 0;
    }
    return this.#scratchUsed;
  }
}
