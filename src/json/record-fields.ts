/** What kind of JSON value a field has. Small numbers, because they stand in a typed array. */
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
/** A list or an object nested so deep that nothing can hold it. */
export const TOO_DEEP = 7;

/**
 * The fields of one record that have a name on a given list: where their bytes lie. One object serves all records of a
 * document, because a million records must not mean a million objects.
 */
export class RecordFields {
  readonly names: readonly string[];
  /** One entry a name: the constants above. */
  readonly kinds: Uint8Array;
  /** Where a field's bytes are: in the document, or decoded beside it. Only for STRING, NUMBER and NESTED. */
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

  /** Makes a text's bytes the field's; half a surrogate pair becomes U+FFFD. */
  setText(index: number, kind: number, text: string): void {
    // No UTF-16 unit takes more than three bytes.
    const start = this.reserve(text.length * 3);
    const end = start + this.#scratch.write(text, start, "utf8");
    this.keep(end);
    this.set(index, kind, this.#scratch, start, end);
  }

  /** Where bytes that are not in the document as they are can be written, from the offset that `reserve` tells. */
  get scratch(): Buffer {
    return this.#scratch;
  }

  /** The same, for writing several bytes at a time. */
  get scratchWords(): DataView {
    return this.#scratchWords;
  }

  /** Makes room in `scratch`. A buffer that fields already point to is left to them, and a larger one takes its place. */
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
