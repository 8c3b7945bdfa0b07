import type { CopyBinaryWriter } from "../../database/copy/copy-binary.ts";
import type { View } from "../../views/view.ts";

/**
 * Words of the filter: 16 MiB. Hardly a key is taken for a repeated one wrongly among 850,000, and one in 1,500 among ten times as many;
 * a false positive only costs the database a comparison.
 */
const FILTER_WORDS = 2 ** 22;

/**
 * A key has one bit in each word of a block, so that it costs one cache line: the split block Bloom filter of Apache
 * Parquet, and its salts (https://parquet.apache.org/docs/file-format/bloomfilter/).
 */
const SALTS = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);
const SALTS_SHIFT = 3;

/**
 * So many keys have room in a first filter of 64 KiB. Most documents of imports and reloads have fewer, and 16 MiB less for
 * each load is half as many full collections by V8.
 */
const FIRST_KEYS = 2048;
const FIRST_WORDS = FIRST_KEYS * SALTS.length;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SECOND_SEED = 0x9e3779b9;
const SECOND_PRIME = 0x85ebca6b;

/**
 * Where an encoded numeric says how many digits it shows behind the point, in which 7.5 and 7.50 differ although they are
 * the same number.
 */
const SCALE_OFFSET = 6;
const SCALE_BYTES = 2;

/** A bigint in COPY's binary format: two words of 32 bits, the higher one first. */
const INTEGER_BYTES = 8;

/** Integers whose higher bits are equal share a page, which has one bit for each of them: 1 KiB. */
const PAGE_BITS = 13;
const PAGE_WORDS = 2 ** (PAGE_BITS - 5);
const PAGES_PER_WORD = 2 ** (32 - PAGE_BITS);

/** So many pages take 8 MiB. They hold 67 million consecutive ids, in any order. */
const MAX_PAGES = 8192;

/**
 * The integers that have come, exactly: ids are dense, so a few pages hold all of them, and these stay in the processor's
 * cache, which the filter does not.
 */
class SeenIntegers {
  readonly #pages = new Map<number, Int32Array>();
  #lastNumber: number | undefined;
  #lastPage: Int32Array = new Int32Array(0);

  /**
   * @param bytes holds the integer from `at` on, as a bigint in COPY's binary format
   * @returns whether it has come before; undefined when it has no page, because there are too many
   */
  testAndSet(bytes: Buffer, at: number): boolean | undefined {
    const low = bytes.readUInt32BE(at + 4);
    // Up to 51 bits, which a number holds exactly.
    const number = bytes.readInt32BE(at) * PAGES_PER_WORD + (low >>> PAGE_BITS);
    if (number !== this.#lastNumber && !this.#openPage(number)) return undefined;
    const page = this.#lastPage;
    const index = (low & (2 ** PAGE_BITS - 1)) >>> 5;
    const bit = 1 << (low & 31);
    const word = page[index] as number;
    page[index] = word | bit;
    return (word & bit) !== 0;
  }

  /** An integer without a page never gets one: from then on the number of pages does not change. */
  #openPage(number: number): boolean {
    let page = this.#pages.get(number);
    if (page === undefined) {
      if (this.#pages.size === MAX_PAGES) return false;
      page = new Int32Array(PAGE_WORDS);
      this.#pages.set(number, page);
    }
    this.#lastNumber = number;
    this.#lastPage = page;
    return true;
  }
}

/**
 * Finds records whose key may have occurred before in the document, with a Bloom filter: it takes the same memory for any
 * number of keys, and has no false negatives. Only the possible duplicates have to be compared with the others, which saves the
 * database a pass over every key. Keys that are one integer are nearly all in a set of their own (`SeenIntegers`).
 */
export class RepeatedKeys {
  /** The only column of the key, where that is an integer. */
  readonly #integer: number | undefined;
  readonly #integers = new SeenIntegers();
  #words = new Int32Array(FIRST_WORDS);
  /** Both hashes of each key, until there are too many for the first filter. */
  #firstHashes: number[] | undefined = [];
  /** Indexes of the key's columns. */
  readonly #keys: readonly number[];
  /** Which of the columns are numeric. */
  readonly #scaled: readonly boolean[];
  #possibleDuplicates = 0;

  constructor(view: View) {
    this.#keys = view.columns.flatMap(({ key }, index) => (key === undefined ? [] : [index]));
    this.#scaled = view.columns.map(({ type }) => type === "numeric");
    const [only, ...others] = this.#keys;
    const isInteger = only !== undefined && others.length === 0 && view.columns[only]?.type === "integer";
    this.#integer = isInteger ? only : undefined;
  }

  /** How many keys may have come before. */
  get possibleDuplicates(): number {
    return this.#possibleDuplicates;
  }

  /**
   * @param row the row being written: encoded values are equal where PostgreSQL takes them for equal
   * @returns whether the row's key may have come before
   */
  mayRepeat(row: Pick<CopyBinaryWriter, "bytes" | "valueStarts" | "valueLengths">): boolean {
    const repeats = this.#integerRepeats(row) ?? this.#hashRepeats(row);
    if (repeats) this.#possibleDuplicates += 1;
    return repeats;
  }

  /** Undefined when the key is not in the set of integers. */
  #integerRepeats({
    bytes,
    valueStarts,
    valueLengths,
  }: Pick<CopyBinaryWriter, "bytes" | "valueStarts" | "valueLengths">): boolean | undefined {
    if (this.#integer === undefined || valueLengths[this.#integer] !== INTEGER_BYTES) return undefined;
    return this.#integers.testAndSet(bytes, valueStarts[this.#integer] as number);
  }

  #hashRepeats(row: Pick<CopyBinaryWriter, "bytes" | "valueStarts" | "valueLengths">): boolean {
    const { bytes, valueStarts, valueLengths } = row;
    let first = FNV_OFFSET;
    let second = SECOND_SEED;
    for (const index of this.#keys) {
      const length = valueLengths[index] as number;
      const start = valueStarts[index] as number;
      const end = start + length;
      const scale = this.#scaled[index] === true ? start + SCALE_OFFSET : -1;
      // The length tells null from an empty text, and "a", "bc" from "ab", "c".
      first = Math.imul(first ^ length, FNV_PRIME);
      second = Math.imul(second ^ length, SECOND_PRIME);
      for (let at = start; at < end; at += 1) {
        if (at === scale) at += SCALE_BYTES;
        const byte = bytes[at] as number;
        first = Math.imul(first ^ byte, FNV_PRIME);
        second = Math.imul(second ^ byte, SECOND_PRIME);
      }
    }
    return this.#testAndSet(first, second);
  }

  #testAndSet(first: number, second: number): boolean {
    if (this.#firstHashes !== undefined) this.#remember(this.#firstHashes, first, second);
    const words = this.#words;
    const block = ((first ^ (first >>> 13)) << SALTS_SHIFT) & (words.length - 1);
    let allSet = true;
    for (let index = 0; index < SALTS.length; index += 1) {
      const bit = 1 << (Math.imul(second, SALTS[index] as number) >>> 27);
      const word = words[block + index] as number;
      if ((word & bit) === 0) {
        allSet = false;
        words[block + index] = word | bit;
      }
    }
    return allSet;
  }

  /** Keeps the hashes of a key, or fills the filter for any number of keys with those before it. */
  #remember(hashes: number[], first: number, second: number): void {
    if (hashes.length < 2 * FIRST_KEYS) {
      hashes.push(first, second);
      return;
    }
    this.#firstHashes = undefined;
    this.#words = new Int32Array(FILTER_WORDS);
    for (let index = 0; index < hashes.length; index += 2) {
      this.#testAndSet(hashes[index] as number, hashes[index + 1] as number);
    }
  }
}
