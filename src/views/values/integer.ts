import { BadValue, type Converted } from "./bad-value.ts";

const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 63n - 1n;

/** Longer digit strings are out of range whatever they say (leading zeros apart), and BigInt() of megabytes is slow. */
const MAX_INTEGER_CHARACTERS = 64;

const NOT_AN_INTEGER = new BadValue("invalid_integer", "not a whole number");
const OUT_OF_RANGE = new BadValue("invalid_integer", "outside the range of a 64-bit integer");
const ROUNDED = new BadValue(
  "invalid_integer",
  "a JSON number beyond 2^53, which JSON has rounded (as a string it would be exact)",
);

/** Converts `123`, `123.0` and `"123"` to the digits of a PostgreSQL bigint. */
export function convertInteger(value: unknown): Converted {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return String(value);
    return Number.isInteger(value) || !Number.isFinite(value) ? ROUNDED : NOT_AN_INTEGER;
  }
  if (typeof value !== "string") return NOT_AN_INTEGER;
  const match = /^([+-]?)(\d+)(?:\.0*)?$/.exec(value);
  if (match === null) return NOT_AN_INTEGER;
  if (value.length > MAX_INTEGER_CHARACTERS) return OUT_OF_RANGE;
  const integer = BigInt(match[2] ?? "") * (match[1] === "-" ? -1n : 1n);
  return integer < BIGINT_MIN || integer > BIGINT_MAX ? OUT_OF_RANGE : integer.toString();
}
