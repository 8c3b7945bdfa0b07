import { NUMBER, type ScalarKind } from "../../json/record-fields.ts";
import { BadValue } from "./bad-value.ts";

const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 63n - 1n;

/** A number with at most this many digits is exact in JavaScript. */
const MAX_SAFE_DIGITS = 15;

/** Longer texts are out of range (except for leading zeros), and BigInt() of megabytes is slow. */
const MAX_INTEGER_CHARACTERS = 64;

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

export const NOT_AN_INTEGER = new BadValue("invalid_integer", "not a whole number");
const OUT_OF_RANGE = new BadValue("invalid_integer", "outside the range of a 64-bit integer");
const ROUNDED = new BadValue(
  "invalid_integer",
  "a JSON number beyond 2^53, which JSON has rounded (a string would be exact)",
);

/** Converts the bytes of `123`, `123.0` or `"123"` to a 64-bit integer. */
export function convertInteger(
  kind: ScalarKind,
  bytes: Buffer,
  start: number,
  end: number,
): number | bigint | BadValue {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative || bytes[start] === PLUS ? start + 1 : start;
  let magnitude = 0;
  let at = first;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) break;
    magnitude = magnitude * 10 + (byte - ZERO);
  }
  const last = at;
  // -0 is 0.
  if (at === end && at > first && at - first <= MAX_SAFE_DIGITS)
    return isNegative ? 0 - magnitude : magnitude;
  if (kind === NUMBER) return convertJsonNumber(Number(bytes.toString("latin1", start, end)));

  if (at < end && bytes[at] === POINT) {
    at += 1;
    while (at < end && bytes[at] === ZERO) at += 1;
  }
  if (last === first || at !== end) return NOT_AN_INTEGER;
  if (end - start > MAX_INTEGER_CHARACTERS) return OUT_OF_RANGE;
  const integer = BigInt(bytes.toString("latin1", first, last)) * (isNegative ? -1n : 1n);
  return integer < BIGINT_MIN || integer > BIGINT_MAX ? OUT_OF_RANGE : integer;
}

function convertJsonNumber(value: number): number | BadValue {
  if (Number.isSafeInteger(value)) return value;
  return Number.isInteger(value) || !Number.isFinite(value) ? ROUNDED : NOT_AN_INTEGER;
}
