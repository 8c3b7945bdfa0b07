import { BadValue, type Converted } from "./bad-value.ts";
import type { TimeZone } from "./time-zone.ts";

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:(Z|z)|([+-])(\d{2}):?(\d{2})?)?)?$/;
const DAY_FIRST = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** PostgreSQL keeps microseconds and rounds the rest, which could turn a day; what is finer is cut off. */
const FRACTION_DIGITS = 6;

/** PostgreSQL refuses an offset of 16 hours and more. */
const MAX_OFFSET_HOURS = 15;

const NOT_A_TIMESTAMP = new BadValue(
  "invalid_timestamp",
  "not a date or time (ISO 8601, or day first: D/M/YYYY [H:MM[:SS]])",
);
const NO_SUCH_TIME = new BadValue("invalid_timestamp", "a date or time that does not exist");

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeapYear ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}

/**
 * The project's one parser of timestamps. Accepts ISO 8601 with or without zone or fraction, `T` or a space between,
 * a date alone, and day-first `D/M/YYYY [H:MM[:SS]]`. Without a zone it is wall time in `zone`.
 *
 * Returns PostgreSQL's `YYYY-MM-DD HH:MM:SS[.ffffff]±HH:MM`, always with an offset, so that no session setting can
 * change what it means.
 */
export function convertTimestamp(value: unknown, zone: TimeZone): Converted {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "string") return NOT_A_TIMESTAMP;

  const iso = ISO.exec(value);
  if (iso !== null) {
    const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00"] = iso;
    const fraction = iso[7] === undefined ? "" : `.${iso[7].slice(0, FRACTION_DIGITS)}`;
    if (!exists(+year, +month, +day, +hour, +minute, +second)) return NO_SUCH_TIME;
    const date = `${year}-${month}-${day}`;
    const time = `${hour}:${minute}:${second}`;
    if (iso[8] !== undefined) return `${date} ${time}${fraction}+00:00`;
    if (iso[9] !== undefined) {
      const [offsetHours = "", offsetMinutes = "00"] = [iso[10], iso[11]];
      if (+offsetHours > MAX_OFFSET_HOURS || +offsetMinutes > 59) return NO_SUCH_TIME;
      return `${date} ${time}${fraction}${iso[9]}${offsetHours}:${offsetMinutes}`;
    }
    return `${date} ${time}${fraction}${zone.offsetOf(date, time)}`;
  }

  const dayFirst = DAY_FIRST.exec(value);
  if (dayFirst === null) return NOT_A_TIMESTAMP;
  const [, day = "", month = "", year = "", hour = "00", minute = "00", second = "00"] = dayFirst;
  if (!exists(+year, +month, +day, +hour, +minute, +second)) return NO_SUCH_TIME;
  const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = `${hour.padStart(2, "0")}:${minute}:${second}`;
  return `${date} ${time}${zone.offsetOf(date, time)}`;
}

function exists(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): boolean {
  return (
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
  );
}
