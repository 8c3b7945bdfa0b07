import { closingQuote } from "./closing-quote.ts";
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, isJsonSpace, OPEN_BRACE, QUOTE } from "./json-bytes.ts";
import { ABSENT, FALSE, NULL, NUMBER, type RecordFields, STRING, TRUE } from "./record-fields.ts";

/** What `scan` returns for a record that JSON.parse has to read. */
export const NOT_SCANNED = -1;

const WORD_BYTES = 4;

/** A byte times this is the byte repeated four times. */
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;
const QUOTES = QUOTE * ONES;
const BACKSLASHES = BACKSLASH * ONES;

const SPACE = 0x20;
const SPACES = SPACE * ONES;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** The meaning of `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r` and `\t`, by the byte after the backslash; 0 for any other. */
const ESCAPES = new Uint8Array(256);
const MEANINGS = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
for (const [letter, meant] of Object.entries(MEANINGS)) {
  ESCAPES[letter.charCodeAt(0)] = meant.charCodeAt(0);
}

/** 1 for bytes that end a run of literal characters: quote, backslash, control characters. */
const ENDS_PLAIN_TEXT = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < SPACE ? 1 : 0,
);

const NULL_LITERAL = Buffer.from("null");
const TRUE_LITERAL = Buffer.from("true");
const FALSE_LITERAL = Buffer.from("false");

/**
 * Reads flat records of known fields in place, without creating objects or strings. It is about three times as fast as
 * JSON.parse, which creates both.
 *
 * It reads a record completely or not at all. JSON.parse reads every record of an unusual shape (an unknown or repeated
 * field, a list or object as a value, half a surrogate pair, a record that is split between chunks, anything that is not
 * JSON). For a record that the scanner accepts, JSON.parse would give the same values.
 */
export class RecordScanner {
  readonly #fields: RecordFields;
  readonly #names: readonly QuotedName[];
  /** For each field, the one that followed it in the last record. The last entry is for the beginning of a record. */
  readonly #followers: Int32Array;
  /** The bytes that were read last, and a view of them for reading four at a time. */
  #bytes: Buffer = Buffer.alloc(0);
  #words: DataView = new DataView(new ArrayBuffer(0));
  /** Where the last value that was read ends. */
  #end = 0;

  /** @param fields receives the values that are read */
  constructor(fields: RecordFields) {
    this.#fields = fields;
    this.#names = fields.names.map((name) => new QuotedName(name));
    this.#followers = Int32Array.from({ length: fields.names.length + 1 }, (_, index) =>
      index === fields.names.length ? 0 : index + 1,
    );
  }

  /**
   * Reads the record that begins at `start`, an opening brace. The bytes must be valid UTF-8.
   *
   * @param limit the first byte that is not read
   * @returns where the record ends (exclusive), or NOT_SCANNED
   */
  scan(bytes: Buffer, start: number, limit: number): number {
    const fields = this.#fields;
    fields.clear();
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const words = this.#words;
    let at = skipSpace(bytes, start + 1, limit);
    if (bytes[start] !== OPEN_BRACE || at >= limit) return NOT_SCANNED;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    let previous = this.#names.length;
    while (at < limit) {
      const index = this.#field(words, at, limit, previous);
      if (index < 0 || fields.kinds[index] !== ABSENT) return NOT_SCANNED;
      previous = index;
      at = skipSpace(bytes, at + (this.#names[index] as QuotedName).length, limit);
      if (at >= limit || bytes[at] !== COLON) return NOT_SCANNED;
      at = skipSpace(bytes, at + 1, limit);
      if (at >= limit || !this.#value(bytes, at, limit, index)) return NOT_SCANNED;
      at = skipSpace(bytes, this.#end, limit);
      if (at >= limit) return NOT_SCANNED;
      const byte = bytes[at];
      if (byte === CLOSE_BRACE) return at + 1;
      if (byte !== COMMA) return NOT_SCANNED;
      at = skipSpace(bytes, at + 1, limit);
    }
    return NOT_SCANNED;
  }

  /** The field whose name is at this place. Records usually have their fields in the same order. */
  #field(words: DataView, at: number, limit: number, previous: number): number {
    const expected = this.#followers[previous] as number;
    if (this.#names[expected]?.standsAt(words, at, limit) === true) return expected;
    // The closure's context is allocated for every field. Without that garbage, V8 cleans its young generation a third as
    // often, and so many rows that have been sent lie in memory that a load of tickets takes a twentieth more CPU time
    // (docs/adr/0035).
    const found = this.#names.findIndex((name) => name.standsAt(words, at, limit));
    if (found >= 0) this.#followers[previous] = found;
    return found;
  }

  /** Reads a value and leaves its end in `#end`. */
  #value(bytes: Buffer, at: number, limit: number, index: number): boolean {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const start = at + 1;
      const end = endOfPlainText(bytes, this.#words, start, limit);
      if (end === limit) return false;
      if (bytes[end] === QUOTE) {
        this.#fields.set(index, STRING, bytes, start, end);
        this.#end = end + 1;
        return true;
      }
      return bytes[end] === BACKSLASH && this.#escapedString(bytes, start, end, limit, index);
    }
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      this.#end = endOfNumber(bytes, at, limit);
      this.#fields.set(index, NUMBER, bytes, at, this.#end);
      return this.#end > at;
    }
    switch (byte) {
      case NULL_LITERAL[0]:
        return this.#literal(bytes, at, limit, index, NULL_LITERAL, NULL);
      case TRUE_LITERAL[0]:
        return this.#literal(bytes, at, limit, index, TRUE_LITERAL, TRUE);
      case FALSE_LITERAL[0]:
        return this.#literal(bytes, at, limit, index, FALSE_LITERAL, FALSE);
      default:
        return false;
    }
  }

  #literal(bytes: Buffer, at: number, limit: number, index: number, literal: Buffer, kind: number): boolean {
    const { length } = literal;
    if (at + length > limit) return false;
    for (let offset = 1; offset < length; offset += 1) {
      if (bytes[at + offset] !== literal[offset]) return false;
    }
    this.#fields.kinds[index] = kind;
    this.#end = at + length;
    return true;
  }

  /** Reads a string whose first escape is at `from`. Such strings are long, so that a native search for the end pays. */
  #escapedString(bytes: Buffer, start: number, from: number, limit: number, index: number): boolean {
    const end = closingQuote(bytes, from, limit);
    if (end < 0) return false;
    this.#end = end + 1;
    return this.#decode(bytes, start, end, index);
  }

  #decode(bytes: Buffer, start: number, end: number, index: number): boolean {
    const fields = this.#fields;
    const words = this.#words;
    const decodedStart = fields.reserve(end - start);
    const target = fields.scratch;
    const targetWords = fields.scratchWords;
    let decodedEnd = decodedStart;
    let at = start;
    while (at < end) {
      if (at + WORD_BYTES <= end) {
        const word = words.getInt32(at, true);
        if (!endsPlainText(word)) {
          targetWords.setInt32(decodedEnd, word, true);
          at += WORD_BYTES;
          decodedEnd += WORD_BYTES;
          continue;
        }
      }
      let byte = bytes[at] as number;
      if (byte < SPACE) return false;
      if (byte === BACKSLASH) {
        at += 1;
        byte = ESCAPES[bytes[at] as number] as number;
        if (byte === 0) return this.#decodeByParsing(bytes, start, end, index);
      }
      target[decodedEnd] = byte;
      at += 1;
      decodedEnd += 1;
    }
    fields.set(index, STRING, target, decodedStart, decodedEnd);
    fields.keep(decodedEnd);
    return true;
  }

  /** Decodes a string that contains escapes of four digits. */
  #decodeByParsing(bytes: Buffer, start: number, end: number, index: number): boolean {
    let text: string;
    try {
      text = JSON.parse(bytes.toString("utf8", start - 1, end + 1)) as string;
    } catch {
      return false;
    }
    if (text.includes("\0") || !text.isWellFormed()) return false;
    this.#fields.setText(index, STRING, text);
    return true;
  }
}

/** A field's name as a document contains it. It is compared four bytes at a time, because half of a document is names. */
class QuotedName {
  readonly length: number;
  readonly #words: Int32Array;
  /** The bytes after the last whole word. */
  readonly #rest: Buffer;

  constructor(name: string) {
    const bytes = Buffer.from(JSON.stringify(name));
    const words = Math.floor(bytes.length / WORD_BYTES);
    this.length = bytes.length;
    this.#words = Int32Array.from({ length: words }, (_, index) => bytes.readInt32BE(index * WORD_BYTES));
    this.#rest = bytes.subarray(words * WORD_BYTES);
  }

  standsAt(words: DataView, at: number, limit: number): boolean {
    if (at + this.length > limit) return false;
    const rest = at + this.#words.length * WORD_BYTES;
    for (let offset = 0; offset < this.#rest.length; offset += 1) {
      if (words.getUint8(rest + offset) !== this.#rest[offset]) return false;
    }
    // The comparison starts at the end, because the names of a view begin alike.
    for (let index = this.#words.length - 1; index >= 0; index -= 1) {
      if (words.getInt32(at + index * WORD_BYTES) !== this.#words[index]) return false;
    }
    return true;
  }
}

/** Finds the first quote, backslash or control character, four bytes at a time. Returns `limit` when there is none. */
function endOfPlainText(bytes: Buffer, words: DataView, start: number, limit: number): number {
  let at = start;
  const lastWord = limit - WORD_BYTES;
  while (at <= lastWord && !endsPlainText(words.getInt32(at, true))) at += WORD_BYTES;
  while (at < limit && ENDS_PLAIN_TEXT[bytes[at] as number] === 0) at += 1;
  return at;
}

/**
 * Whether one of four bytes is a quote, a backslash or a control character
 * (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
 */
function endsPlainText(word: number): boolean {
  const quotes = word ^ QUOTES;
  const backslashes = word ^ BACKSLASHES;
  const found =
    ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes) | ((word - SPACES) & ~word);
  return (found & HIGH_BITS) !== 0;
}

function skipSpace(bytes: Buffer, from: number, limit: number): number {
  let at = from;
  while (at < limit && isJsonSpace(bytes[at] as number)) at += 1;
  return at;
}

/** The offset after the number that begins at `start`; `start` itself when it is not a number (RFC 8259, section 6). */
function endOfNumber(bytes: Buffer, start: number, limit: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = at;
  at = endOfDigits(bytes, at, limit);
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return start;
  if (at < limit && bytes[at] === POINT) {
    const fraction = at + 1;
    at = endOfDigits(bytes, fraction, limit);
    if (at === fraction) return start;
  }
  // Setting 0x20 makes the letter lower case.
  if (at < limit && ((bytes[at] as number) | 0x20) === 0x65) {
    at += 1;
    if (at < limit && (bytes[at] === PLUS || bytes[at] === MINUS)) at += 1;
    const exponent = at;
    at = endOfDigits(bytes, exponent, limit);
    if (at === exponent) return start;
  }
  return at;
}

function endOfDigits(bytes: Buffer, from: number, limit: number): number {
  let at = from;
  while (at < limit && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at += 1;
  return at;
}
