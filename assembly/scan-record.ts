// AssemblyScript. Finds the values of a flat record, and decodes its texts: src/json/record-scanner.ts says what for.
import { isSpace } from "./json-bytes";

const QUOTE: u8 = 0x22;
const PLUS: u8 = 0x2b;
const COMMA: u8 = 0x2c;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const SLASH: u8 = 0x2f;
const ZERO: u8 = 0x30;
const COLON: u8 = 0x3a;
const BACKSLASH: u8 = 0x5c;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
/** Everything below is a control character. */
const SPACE: u8 = 0x20;

/** Bytes that are judged at once. */
const BLOCK: usize = 16;

// The kinds of values that src/json/record-fields.ts has, as far as they occur here.
const ABSENT: u8 = 0;
const NULL: u8 = 1;
const STRING: u8 = 2;
const NUMBER: u8 = 3;
const TRUE: u8 = 4;
const FALSE: u8 = 5;

const NULL_LITERAL: u32 = 0x6c6c756e;
const TRUE_LITERAL: u32 = 0x65757274;
const ALSE_LITERAL: u32 = 0x65736c61;

/** Address and length (4 bytes each) of the name of a field, in quotes. */
const NAME: usize = 8;

const NOT_SCANNED: usize = 0;

/** From `edge + 16 - n`, the mask that keeps the first n bytes of a block. */
const edge: usize = memory.data<u64>([-1, -1, 0, 0], 16);

let fieldCount: usize = 0;
let names: usize = 0;
/** For each field, the one that followed it in the last record; behind them, the one that came first. */
let followers: usize = 0;
let kinds: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
/** Room for the texts of a record. */
let decoded: usize = 0;
/** Where the next decoded text goes. */
let decodedEnd: usize = 0;

/** Takes the addresses of what the host has written (names, followers), and where to write what a record has. */
export function describeFields(
  count: usize,
  namesAt: usize,
  followersAt: usize,
  kindsAt: usize,
  startsAt: usize,
  endsAt: usize,
  decodedAt: usize,
): void {
  fieldCount = count;
  names = namesAt;
  followers = followersAt;
  kinds = kindsAt;
  starts = startsAt;
  ends = endsAt;
  decoded = decodedAt;
}

/**
 * Reads the record that begins at `from`. Behind `end` stands what is put there: a zero, which no value contains, so that
 * nothing else has to look for the end.
 *
 * @returns where the record ends (exclusive), or 0
 */
export function scanRecord(from: usize, end: usize): usize {
  const behind = load<u8>(end);
  store<u8>(end, 0);
  const result = scan(from);
  store<u8>(end, behind);
  return result;
}

function scan(from: usize): usize {
  memory.fill(kinds, ABSENT, fieldCount);
  decodedEnd = decoded;
  if (load<u8>(from) !== OPEN_BRACE) return NOT_SCANNED;
  let at = skipSpace(from + 1);
  if (load<u8>(at) === CLOSE_BRACE) return at + 1;
  let previous = fieldCount;
  while (true) {
    const field = fieldAt(at, previous);
    if (field === fieldCount || load<u8>(kinds + field) !== ABSENT) return NOT_SCANNED;
    previous = field;
    at = skipSpace(at + load<u32>(names + field * NAME, 4));
    if (load<u8>(at) !== COLON) return NOT_SCANNED;
    at = scanValue(skipSpace(at + 1), field);
    if (at === NOT_SCANNED) return NOT_SCANNED;
    at = skipSpace(at);
    const byte = load<u8>(at);
    at += 1;
    if (byte === CLOSE_BRACE) return at;
    if (byte !== COMMA) return NOT_SCANNED;
    at = skipSpace(at);
  }
}

/** The field whose name stands here, or the count of fields. Records usually have their fields in the same order. */
function fieldAt(at: usize, previous: usize): usize {
  const expected = load<u32>(followers + previous * 4);
  if (isName(at, expected)) return expected;
  for (let field: usize = 0; field < fieldCount; field += 1) {
    if (isName(at, field)) {
      store<u32>(followers + previous * 4, <u32>field);
      return field;
    }
  }
  return fieldCount;
}

/** What stands behind a name in its last block does not count. */
function isName(at: usize, field: usize): bool {
  let name: usize = load<u32>(names + field * NAME);
  let length: usize = load<u32>(names + field * NAME, 4);
  while (length >= BLOCK) {
    if (v128.any_true(v128.xor(v128.load(at), v128.load(name)))) return false;
    at += BLOCK;
    name += BLOCK;
    length -= BLOCK;
  }
  return !v128.any_true(v128.and(v128.xor(v128.load(at), v128.load(name)), v128.load(edge + BLOCK - length)));
}

/** @returns where the value ends, or 0 */
function scanValue(at: usize, field: usize): usize {
  const byte = load<u8>(at);
  if (byte === QUOTE) return scanString(at + 1, field);
  if (byte === MINUS || isDigit(byte)) {
    const end = endOfNumber(at);
    if (end !== NOT_SCANNED) setValue(field, NUMBER, at, end);
    return end;
  }
  let kind = FALSE;
  let end = at + 5;
  const word = load<u32>(at);
  if (word === NULL_LITERAL || word === TRUE_LITERAL) {
    kind = word === NULL_LITERAL ? NULL : TRUE;
    end = at + 4;
  } else if (byte !== 0x66 || load<u32>(at, 1) !== ALSE_LITERAL) {
    return NOT_SCANNED;
  }
  store<u8>(kinds + field, kind);
  return end;
}

function setValue(field: usize, kind: u8, start: usize, end: usize): void {
  store<u8>(kinds + field, kind);
  store<u32>(starts + field * 4, <u32>start);
  store<u32>(ends + field * 4, <u32>end);
}

/** @param start behind the opening quote */
function scanString(start: usize, field: usize): usize {
  let at = start;
  let special = specials(v128.load(at));
  while (special === 0) {
    at += BLOCK;
    special = specials(v128.load(at));
  }
  at += ctz(special);
  const byte = load<u8>(at);
  if (byte === BACKSLASH) return decodeString(start, at, field);
  if (byte !== QUOTE) return NOT_SCANNED;
  setValue(field, STRING, start, at);
  return at + 1;
}

/** Reads a string with escapes, the first of which is at `from`. */
function decodeString(start: usize, from: usize, field: usize): usize {
  const result = decodedEnd;
  let to = result;
  memory.copy(to, start, from - start);
  to += from - start;
  let at = from;
  while (true) {
    const byte = load<u8>(at);
    if (byte === QUOTE) break;
    if (byte !== BACKSLASH) return NOT_SCANNED;
    const letter = load<u8>(at, 1);
    at += 2;
    if (letter === 0x75) {
      to = decodeUnicode(at, to);
      if (to === NOT_SCANNED) return NOT_SCANNED;
      at += behindUnicode;
    } else {
      const meant = meaningOf(letter);
      if (meant === 0) return NOT_SCANNED;
      store<u8>(to, meant);
      to += 1;
    }
    while (true) {
      const block = v128.load(at);
      v128.store(to, block);
      const special = specials(block);
      const taken = special === 0 ? BLOCK : <usize>ctz(special);
      at += taken;
      to += taken;
      if (special !== 0) break;
    }
  }
  decodedEnd = to;
  setValue(field, STRING, result, to);
  return at + 1;
}

/** How many bytes the last escape had behind `\u`. */
let behindUnicode: usize = 0;

/**
 * Decodes the digits of `\u`, and those of the other half of a surrogate pair. What PostgreSQL cannot store, U+0000 and
 * half a pair, is left to others.
 *
 * @returns where the character ends, or 0
 */
function decodeUnicode(at: usize, to: usize): usize {
  let code = hexadecimal(at);
  behindUnicode = 4;
  if (code <= 0) return NOT_SCANNED;
  if (code >= 0xd800 && code < 0xe000) {
    if (code >= 0xdc00 || load<u16>(at, 4) !== 0x755c) return NOT_SCANNED;
    const low = hexadecimal(at + 6);
    if (low < 0xdc00 || low >= 0xe000) return NOT_SCANNED;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    behindUnicode = 10;
  }
  if (code < 0x80) {
    store<u8>(to, <u8>code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)));
    store<u8>(to, <u8>(0x80 | (code & 0x3f)), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (code >> 12)));
    store<u8>(to, <u8>(0x80 | ((code >> 6) & 0x3f)), 1);
    store<u8>(to, <u8>(0x80 | (code & 0x3f)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (code >> 18)));
  store<u8>(to, <u8>(0x80 | ((code >> 12) & 0x3f)), 1);
  store<u8>(to, <u8>(0x80 | ((code >> 6) & 0x3f)), 2);
  store<u8>(to, <u8>(0x80 | (code & 0x3f)), 3);
  return to + 4;
}

/** The number that four digits are; -1 when they are none. */
function hexadecimal(at: usize): i32 {
  let value: i32 = 0;
  for (let end = at + 4; at < end; at += 1) {
    const byte = load<u8>(at);
    const letter = byte | 0x20;
    if (isDigit(byte)) value = (value << 4) | (<i32>(byte - ZERO));
    else if (letter >= 0x61 && letter <= 0x66) value = (value << 4) | (<i32>(letter - 0x57));
    else return -1;
  }
  return value;
}

/** What an escape of one letter means; 0 for what is none. */
function meaningOf(letter: u8): u8 {
  switch (letter) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** A bit for each quote, backslash and control character. */
function specials(block: v128): u32 {
  return <u32>(
    i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(block, v128.splat<u8>(QUOTE)), i8x16.eq(block, v128.splat<u8>(BACKSLASH))),
        v128.lt<u8>(block, v128.splat<u8>(SPACE)),
      ),
    )
  );
}

/** Where the number ends that begins here (RFC 8259, section 6), or 0. */
function endOfNumber(at: usize): usize {
  if (load<u8>(at) === MINUS) at += 1;
  const whole = at;
  at = endOfDigits(at);
  if (at === whole || (load<u8>(whole) === ZERO && at > whole + 1)) return NOT_SCANNED;
  if (load<u8>(at) === POINT) {
    const fraction = at + 1;
    at = endOfDigits(fraction);
    if (at === fraction) return NOT_SCANNED;
  }
  if ((load<u8>(at) | 0x20) === 0x65) {
    at += 1;
    const sign = load<u8>(at);
    if (sign === PLUS || sign === MINUS) at += 1;
    const exponent = at;
    at = endOfDigits(exponent);
    if (at === exponent) return NOT_SCANNED;
  }
  return at;
}

function endOfDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at += 1;
  return at;
}

function isDigit(byte: u8): bool {
  return byte - ZERO <= 9;
}

function skipSpace(at: usize): usize {
  while (isSpace(load<u8>(at))) at += 1;
  return at;
}
