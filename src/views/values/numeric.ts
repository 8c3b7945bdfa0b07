import { NUMBER, type ScalarKind } from "../../json/record-fields.ts";
import { BadValue } from "./bad-value.ts";

/**
 * The most digits that PostgreSQL's `numeric` can store before and after the point
 * (https://www.postgresql.org/docs/current/datatype-numeric.html). With one more, COPY itself would fail.
 */
const MAX_WHOLE_DIGITS = 131_072;
const MAX_FRACTION_DIGITS = 16_383;

/** A number that is exact in JavaScript, and spelled as JavaScript would spell it. */
const PLAIN_NUMBER = /^(?!-0$)-?\d{1,7}(?:\.\d{0,5}[1-9])?$/;

export const NOT_A_NUMBER = new BadValue(
  "invalid_numeric",
  "not a number (digits with a decimal point or comma)",
);
const OUT_OF_RANGE = new BadValue("invalid_numeric", "more digits than PostgreSQL's numeric can store");

/**
 * Converts the bytes of a number, or of a string with a decimal point or comma, to the text of a PostgreSQL numeric. A
 * string keeps all its digits. A JSON number has the value that JSON.parse gives it.
 */
export function convertNumeric(
  kind: ScalarKind,
  bytes: Buffer,
  start: number,
  end: number,
): string | BadValue {
  const text = bytes.toString("latin1", start, end);
  if (kind === NUMBER) {
    if (PLAIN_NUMBER.test(text)) return text;
    const value = Number(text);
    return Number.isFinite(value) ? String(value) : OUT_OF_RANGE;
  }
  return checkNumeric(text);
}

/** The text with a decimal point, if it is a number that PostgreSQL can store. */
export function checkNumeric(text: string): string | BadValue {
  const match = /^[+-]?(\d*)(?:[.,](\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  if (match === null) return NOT_A_NUMBER;
  const whole = match[1]?.length ?? 0;
  const fraction = match[2]?.length ?? 0;
  if (whole + fraction === 0) return NOT_A_NUMBER;
  const exponent = Number(match[3] ?? "0");
  if (whole + exponent > MAX_WHOLE_DIGITS || fraction - exponent > MAX_FRACTION_DIGITS) return OUT_OF_RANGE;
  return text.replace(",", ".");
}
