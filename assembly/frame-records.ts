// AssemblyScript. Finds the ends of records as src/json/record-framer.ts does, 64 bytes at a time, and hashes each record.
import { writeFingerprint } from "./fingerprint";
import { isSpace } from "./json-bytes";
import { anyRows, firstGuess, forgetSeen, markSeen } from "./known-rows";

export { keys, KEYS_BYTES } from "./fingerprint";
export { findRow, indexRows } from "./known-rows";
export { describeFields, scanRecord } from "./scan-record";

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const BACKSLASH: u8 = 0x5c;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
/** Makes braces of brackets, and of nothing else. */
const BRACE_BIT: u8 = 0x20;

/** Bytes that are judged at once, a bit of a word for each. */
const BLOCK: usize = 64;

// The states of RecordFramer inside the list.
const LIST = 0;
const VALUE = 1;
const NESTED = 2;
const SCALAR = 3;
const SEPARATOR = 4;

// Why `frame` returned; src/json/fingerprint-framer.ts has the same list.
const INPUT_READ = 0;
const LIST_ENDED = 1;
const NO_RECORD = 2;
const NO_SEPARATOR = 3;
const TOO_LARGE = 4;
const RESULTS_FULL = 5;

/** Start, end, number within the batch, a guess (4 bytes each) and fingerprint (16 bytes) of a record. */
const RESULT: usize = 32;
const FINGERPRINT: usize = 16;
const MOST_RESULTS: usize = 512;

/** The records that `frame` has found and that are not known. */
export const results: usize = memory.data(<i32>(MOST_RESULTS * RESULT), 16);
export let resultCount: usize = 0;
/** How many records `frame` has found, known or not. */
export let recordCount: usize = 0;
/** Where `frame` stopped. */
export let position: usize = 0;
/** Where the record that the input cuts begins, 0 when there is none. The host sets it when it moves the record. */
export let recordStart: usize = 0;

let maxRecordBytes: usize = 0;
/** How many records `frame` has found before. */
let recordsBefore: u32 = 0;
let state = LIST;
let depth: u32 = 0;
let inString = false;
let escaped = false;

/** Begins a document, behind the bracket that opens its list. */
export function begin(mostBytes: usize): void {
  maxRecordBytes = mostBytes;
  recordsBefore = 0;
  recordStart = 0;
  state = LIST;
  depth = 0;
  inString = false;
  escaped = false;
  forgetSeen();
}

/** Frames the bytes, behind the end of which 64 more may be read. */
export function frame(from: usize, end: usize): i32 {
  recordCount = 0;
  const outcome = frameRecords(from, end);
  resultCount = recordCount;
  if (anyRows()) keepUnknown();
  recordsBefore += <u32>recordCount;
  return outcome;
}

/** Takes those records out of the results whose fingerprints are known, and notes that they were seen. */
function keepUnknown(): void {
  const end = results + recordCount * RESULT;
  for (let result = results; result < end; result += RESULT) {
    store<u32>(result, firstGuess(result + FINGERPRINT), 12);
  }
  let kept = results;
  for (let result = results; result < end; result += RESULT) {
    if (markSeen(result + FINGERPRINT, recordsBefore + load<u32>(result, 8))) continue;
    v128.store(kept, v128.load(result));
    v128.store(kept, v128.load(result, 16), 16);
    kept += RESULT;
  }
  resultCount = (kept - results) / RESULT;
}

function frameRecords(from: usize, end: usize): i32 {
  let index = from;
  while (index < end) {
    if (state === NESTED) {
      index = scanNested(index, end);
      if (depth > 0) break;
      if (!report(index)) return TOO_LARGE;
      continue;
    }
    const byte = load<u8>(index);
    if (state === SCALAR) {
      if (!inString && (byte === COMMA || byte === CLOSE_BRACKET || isSpace(byte))) {
        if (!report(index)) return TOO_LARGE;
        continue;
      }
      scanScalarByte(byte);
    } else if (!isSpace(byte)) {
      position = index;
      if (state === SEPARATOR) {
        if (byte === CLOSE_BRACKET) return LIST_ENDED;
        if (byte !== COMMA) return NO_SEPARATOR;
        state = VALUE;
      } else {
        if (byte === CLOSE_BRACKET && state === LIST) return LIST_ENDED;
        if (byte === COMMA || byte === CLOSE_BRACKET) return NO_RECORD;
        if (recordCount === MOST_RESULTS) return RESULTS_FULL;
        recordStart = index;
        if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
          depth = 1;
          state = NESTED;
        } else {
          inString = byte === QUOTE;
          state = SCALAR;
        }
      }
    }
    index += 1;
  }
  return INPUT_READ;
}

/** Adds the record that ends here to the results, unless it is too large. */
function report(end: usize): bool {
  const length = end - recordStart;
  if (length > maxRecordBytes) return false;
  const result = results + recordCount * RESULT;
  store<u32>(result, recordStart);
  store<u32>(result, end, 4);
  store<u32>(result, recordCount, 8);
  writeFingerprint(recordStart, length, result + FINGERPRINT);
  recordCount += 1;
  recordStart = 0;
  state = SEPARATOR;
  return true;
}

function scanScalarByte(byte: u8): void {
  if (!inString) inString = byte === QUOTE;
  else if (escaped) escaped = false;
  else if (byte === BACKSLASH) escaped = true;
  else if (byte === QUOTE) inString = false;
}

/** Scans on inside a list or object, to just behind its end (then `depth` is 0) or to the input's end. */
function scanNested(from: usize, end: usize): usize {
  let index = from;
  let within: u64 = inString ? -1 : 0;
  let carry: u64 = escaped ? 1 : 0;
  while (index + BLOCK <= end) {
    const b0 = v128.load(index);
    const b1 = v128.load(index, 16);
    const b2 = v128.load(index, 32);
    const b3 = v128.load(index, 48);
    const wasWithin = within;
    const carried = carry;
    const backslashes = positions(b0, b1, b2, b3, BACKSLASH);
    let quotes = positions(b0, b1, b2, b3, QUOTE);
    if ((backslashes | carried) !== 0) {
      const ends = backslashRuns(backslashes & ~carried);
      quotes &= ~(ends ^ (backslashes | carried));
      carry = (ends & backslashes) >> 63;
    }
    within ^= prefixXor(quotes);
    if ((backslashes & ~within) !== 0) {
      // Outside a string a backslash is a byte like any other, and no JSON.
      inString = wasWithin !== 0;
      escaped = carried !== 0;
      return scanBytes(index, end);
    }
    const braces = v128.splat<u8>(BRACE_BIT);
    const c0 = v128.or(b0, braces);
    const c1 = v128.or(b1, braces);
    const c2 = v128.or(b2, braces);
    const c3 = v128.or(b3, braces);
    let closing = positions(c0, c1, c2, c3, CLOSE_BRACE) & ~within;
    const opening = positions(c0, c1, c2, c3, OPEN_BRACE) & ~within;
    if ((closing | opening) !== 0) {
      if (<u32>popcnt(closing) >= depth) {
        for (let both = closing | opening; both !== 0; both &= both - 1) {
          const bit = ctz(both);
          if (((closing >> bit) & 1) === 0) {
            depth += 1;
          } else {
            depth -= 1;
            if (depth === 0) {
              inString = false;
              escaped = false;
              return index + <usize>bit + 1;
            }
          }
        }
      } else {
        depth += <u32>popcnt(opening) - <u32>popcnt(closing);
      }
    }
    within = <u64>((<i64>within) >> 63);
    index += BLOCK;
  }
  inString = within !== 0;
  escaped = carry !== 0;
  return scanBytes(index, end);
}

/** The same, byte by byte. */
function scanBytes(from: usize, end: usize): usize {
  let index = from;
  while (index < end) {
    const byte = load<u8>(index);
    index += 1;
    if (inString || byte === QUOTE) {
      scanScalarByte(byte);
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) break;
    }
  }
  return index;
}

function positions(b0: v128, b1: v128, b2: v128, b3: v128, byte: u8): u64 {
  const wanted = v128.splat<u8>(byte);
  return (
    (<u64>(<u32>i8x16.bitmask(i8x16.eq(b0, wanted)))) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(b1, wanted)))) << 16) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(b2, wanted)))) << 32) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(b3, wanted)))) << 48)
  );
}

/** The backslashes that escape, and the byte behind each run of an even number of them (as simdjson finds them). */
function backslashRuns(backslashes: u64): u64 {
  const odd: u64 = 0xaaaaaaaaaaaaaaaa;
  return (((backslashes << 1) | odd) - backslashes) ^ odd;
}

/** Each bit set when an odd number of those up to it are. */
function prefixXor(bits: u64): u64 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ (bits << 32);
}
