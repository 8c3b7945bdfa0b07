import type { ValueType, View } from "../views/view.ts";

/**
 * Bits of the filter: 16 MiB. With three bits a key, one key in 145,000 is suspected wrongly among 850,000 keys, and one
 * in 200 among ten times as many; a wrong suspicion only costs the database a look.
 */
const FILTER_BITS = 2 ** 27;
const BITS_PER_KEY = 3;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const SECOND_SEED = 0x9e3779b9;

/** Where a converted timestamp's fraction or offset begins. */
const SECONDS_END = 19;

/**
 * Notices records whose key may have come before in the document: a Bloom filter, so it takes the same memory for any
 * number of keys, and never misses one. Only the suspected ones have to be compared with the others, which saves the
 * database a pass over every key.
 */
export class RepeatedKeys {
  readonly #bits = new Uint32Array(FILTER_BITS / 32);
  readonly #keys: readonly { readonly index: number; readonly type: ValueType }[];
  #suspected = 0;

  constructor(view: View) {
    this.#keys = view.columns.flatMap(({ key, type }, index) => (key === undefined ? [] : [{ index, type }]));
  }

  /** How many keys may have come before. */
  get suspected(): number {
    return this.#suspected;
  }

  /** @returns whether the row's key may have come before */
  mayRepeat(row: readonly (string | null)[]): boolean {
    let first = FNV_OFFSET;
    let second = SECOND_SEED;
    for (const { index, type } of this.#keys) {
      const value = row[index] ?? null;
      const text = value === null ? "\0" : canonical(value, type);
      for (let at = 0; at < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        first = Math.imul(first ^ unit, FNV_PRIME);
        second = Math.imul(second + unit, SECOND_SEED) ^ (second >>> 15);
      }
      // Between two columns, so that "a","bc" is not "ab","c".
      first = Math.imul(first ^ 0x10000, FNV_PRIME);
      second = Math.imul(second + 0x10000, SECOND_SEED) ^ (second >>> 15);
    }
    const repeats = this.#testAndSet(first, second);
    if (repeats) this.#suspected += 1;
    return repeats;
  }

  #testAndSet(first: number, second: number): boolean {
    let allSet = true;
    let bit = first ^ (first >>> 13);
    const step = second | 1;
    for (let count = 0; count < BITS_PER_KEY; count += 1) {
      const position = bit & (FILTER_BITS - 1);
      const word = position >>> 5;
      const mask = 1 << (position & 31);
      const current = this.#bits[word] as number;
      if ((current & mask) === 0) {
        allSet = false;
        this.#bits[word] = current | mask;
      }
      bit = (bit + step) | 0;
    }
    return allSet;
  }
}

/** The same text for all texts that PostgreSQL takes for the same value; for some others too, which does no harm. */
function canonical(text: string, type: ValueType): string {
  switch (type) {
    case "timestamp": {
      if (text.endsWith("+00:00")) return text.slice(0, SECONDS_END);
      const instant = Date.parse(text.replace(" ", "T"));
      // An offset with seconds, from before there were time zones: all of those are suspected.
      return Number.isNaN(instant)
        ? ""
        : new Date(instant).toISOString().slice(0, SECONDS_END).replace("T", " ");
    }
    case "numeric":
      return String(Number(text));
    case "text":
    case "integer":
    case "boolean":
      return text;
    default:
      return type satisfies never;
  }
}
