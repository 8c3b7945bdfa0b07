import { BadValue, type Converted } from "./bad-value.ts";

/**
 * The most digits a PostgreSQL `numeric` holds before and after the point
 * (https://www.postgresql.org/docs/current/datatype-numeric.html). One more and COPY itself would fail.
 */
const MAX_WHOLE_DIGITS = 131_072;
const MAX_FRACTION_DIGITS = 16_383;

const NOT_A_NUMBER = new BadValue("invalid_numeric", "not a number (digits with a decimal point or comma)");
const OUT_OF_RANGE = new BadValue("invalid_numeric", "more digits than a PostgreSQL numeric holds");

/** Converts a number, or a string with a decimal point or comma, to a PostgreSQL numeric; a string digit for digit. */
export function convertNumeric(value: unknown): Converted {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : OUT_OF_RANGE;
  if (typeof value !== "string") return NOT_A_NUMBER;
  const match = /^[+-]?(\d*)(?:[.,](\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(value);
  if (match === null) return NOT_A_NUMBER;
  const whole = match[1]?.length ?? 0;
  const fraction = match[2]?.length ?? 0;
  if (whole + fraction === 0) return NOT_A_NUMBER;
  const exponent = Number(match[3] ?? "0");
  if (whole + exponent > MAX_WHOLE_DIGITS || fraction - exponent > MAX_FRACTION_DIGITS) return OUT_OF_RANGE;
  return value.replace(",", ".");
}
