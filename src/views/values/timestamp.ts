import { BadValue } from "./bad-value.ts";
import { dayNumber, daysInMonth, SECONDS_A_DAY } from "./calendar.ts";
import type { TimeZone } from "./time-zone.ts";

const SPACE = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const CAPITAL_T = 0x54;
const CAPITAL_Z = 0x5a;
const SMALL_Z = 0x7a;

/** Finer digits are cut off. PostgreSQL would round them to microseconds, which could change the day. */
const FRACTION_DIGITS = 6;

/** PostgreSQL rejects an offset of 16 hours or more. */
const MAX_OFFSET_HOURS = 15;

/** Within this many seconds of 2000-01-01, the microseconds are a safe integer. */
const MAX_SAFE_SECONDS = Math.floor(Number.MAX_SAFE_INTEGER / 1e6) - 1;

/** 2000-01-01, from which PostgreSQL counts, in seconds since 1970. */
const POSTGRES_EPOCH = 946_684_800;

export const NOT_A_TIMESTAMP = new BadValue(
  "invalid_timestamp",
  "not a date or time (ISO 8601, or day first: D/M/YYYY [H:MM[:SS]])",
);
const NO_SUCH_TIME = new BadValue("invalid_timestamp", "a date or time that does not exist");

/** Stands for digits or a position that were not found. */
const NONE = -1;

/**
 * The only parser of timestamps. It accepts ISO 8601 with or without a zone or a fraction, with `T` or a space between
 * date and time, a date alone, and day-first `D/M/YYYY [H:MM[:SS]]`. A value without a zone is wall time in `zone`.
 *
 * It reads bytes to avoid creating strings, because a document has millions of timestamps.
 *
 * @returns the instant as in a timestamptz of PostgreSQL, in microseconds since 2000-01-01 UTC; a bigint where a number
 *   would not be exact
 */
export function convertTimestamp(
  bytes: Buffer,
  start: number,
  end: number,
  zone: TimeZone,
): number | bigint | BadValue {
  return bytes[start + 4] === MINUS && start + 4 < end
    ? convertIso(bytes, start, end, zone)
    : convertDayFirst(bytes, start, end, zone);
}

/** `YYYY-MM-DD`, then `T` or a space and `HH:MM[:SS[.fraction]]`, then `Z`, `±HH`, `±HHMM` or `±HH:MM`. */
function convertIso(bytes: Buffer, start: number, end: number, zone: TimeZone): number | bigint | BadValue {
  const year = digits(bytes, start, 4, end);
  const month = digits(bytes, start + 5, 2, end);
  const day = digits(bytes, start + 8, 2, end);
  if (year === NONE || month === NONE || day === NONE || bytes[start + 7] !== MINUS) return NOT_A_TIMESTAMP;
  let at = start + 10;
  if (at === end) return instantInZone(year, month, day, 0, 0, 0, 0, zone);

  const hour = digits(bytes, at + 1, 2, end);
  const minute = digits(bytes, at + 4, 2, end);
  if (bytes[at] !== CAPITAL_T && bytes[at] !== SPACE) return NOT_A_TIMESTAMP;
  if (hour === NONE || minute === NONE || bytes[at + 3] !== COLON) return NOT_A_TIMESTAMP;
  at += 6;
  let second = 0;
  let microseconds = 0;
  if (at < end && bytes[at] === COLON) {
    second = digits(bytes, at + 1, 2, end);
    if (second === NONE) return NOT_A_TIMESTAMP;
    at += 3;
    if (at < end && (bytes[at] === POINT || bytes[at] === COMMA)) {
      const fraction = at + 1;
      at = fraction;
      let unit = 10 ** (FRACTION_DIGITS - 1);
      while (at < end && isDigit(bytes[at] as number)) {
        if (at - fraction < FRACTION_DIGITS) microseconds += ((bytes[at] as number) - ZERO) * unit;
        unit /= 10;
        at += 1;
      }
      if (at === fraction) return NOT_A_TIMESTAMP;
    }
  }
  if (at === end) return instantInZone(year, month, day, hour, minute, second, microseconds, zone);
  const offset = offsetSeconds(bytes, at, end);
  if (offset instanceof BadValue) return offset;
  if (!exists(year, month, day, hour, minute, second)) return NO_SUCH_TIME;
  const wallSeconds = dayNumber(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
  return instant(wallSeconds - offset, microseconds);
}

/** Seconds east of UTC. */
function offsetSeconds(bytes: Buffer, at: number, end: number): number | BadValue {
  const sign = bytes[at];
  if (sign === CAPITAL_Z || sign === SMALL_Z) return at + 1 === end ? 0 : NOT_A_TIMESTAMP;
  const hours = digits(bytes, at + 1, 2, end);
  if ((sign !== PLUS && sign !== MINUS) || hours === NONE) return NOT_A_TIMESTAMP;
  let minutes = 0;
  if (at + 3 < end) {
    const minutesAt = bytes[at + 3] === COLON ? at + 4 : at + 3;
    minutes = digits(bytes, minutesAt, 2, end);
    if (minutes === NONE || minutesAt + 2 !== end) return NOT_A_TIMESTAMP;
  }
  if (hours > MAX_OFFSET_HOURS || minutes > 59) return NO_SUCH_TIME;
  return (hours * 3600 + minutes * 60) * (sign === MINUS ? -1 : 1);
}

/** `D/M/YYYY`, then a space and `H:MM[:SS]`. */
function convertDayFirst(
  bytes: Buffer,
  start: number,
  end: number,
  zone: TimeZone,
): number | bigint | BadValue {
  const monthAt = behindOneOrTwoDigits(bytes, start, end, SLASH);
  const yearAt = monthAt === NONE ? NONE : behindOneOrTwoDigits(bytes, monthAt, end, SLASH);
  if (yearAt === NONE) return NOT_A_TIMESTAMP;
  const day = digits(bytes, start, monthAt - 1 - start, end);
  const month = digits(bytes, monthAt, yearAt - 1 - monthAt, end);
  const year = digits(bytes, yearAt, 4, end);
  if (year === NONE) return NOT_A_TIMESTAMP;
  let at = yearAt + 4;
  if (at === end) return instantInZone(year, month, day, 0, 0, 0, 0, zone);

  if (bytes[at] !== SPACE) return NOT_A_TIMESTAMP;
  const hourAt = at + 1;
  const minuteAt = behindOneOrTwoDigits(bytes, hourAt, end, COLON);
  if (minuteAt === NONE) return NOT_A_TIMESTAMP;
  const hour = digits(bytes, hourAt, minuteAt - 1 - hourAt, end);
  const minute = digits(bytes, minuteAt, 2, end);
  if (minute === NONE) return NOT_A_TIMESTAMP;
  at = minuteAt + 2;
  let second = 0;
  if (at < end) {
    second = digits(bytes, at + 1, 2, end);
    if (bytes[at] !== COLON || second === NONE || at + 3 !== end) return NOT_A_TIMESTAMP;
  }
  return instantInZone(year, month, day, hour, minute, second, 0, zone);
}

/** The offset after one or two digits and `separator`, or NONE. */
function behindOneOrTwoDigits(bytes: Buffer, at: number, end: number, separator: number): number {
  if (at >= end || !isDigit(bytes[at] as number)) return NONE;
  const next = at + 1 < end && isDigit(bytes[at + 1] as number) ? at + 2 : at + 1;
  return next < end && bytes[next] === separator ? next + 1 : NONE;
}

/** The number that consists of exactly `count` digits, or NONE. */
function digits(bytes: Buffer, at: number, count: number, end: number): number {
  if (at + count > end) return NONE;
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const byte = bytes[index] as number;
    if (!isDigit(byte)) return NONE;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function instantInZone(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  microseconds: number,
  zone: TimeZone,
): number | bigint | BadValue {
  if (!exists(year, month, day, hour, minute, second)) return NO_SUCH_TIME;
  const days = dayNumber(year, month, day);
  const secondOfDay = hour * 3600 + minute * 60 + second;
  return instant(days * SECONDS_A_DAY + secondOfDay - zone.offsetSeconds(days, secondOfDay), microseconds);
}

/** @param seconds since 1970 UTC */
function instant(seconds: number, microseconds: number): number | bigint {
  const since2000 = seconds - POSTGRES_EPOCH;
  return Math.abs(since2000) <= MAX_SAFE_SECONDS
    ? since2000 * 1e6 + microseconds
    : BigInt(since2000) * 1_000_000n + BigInt(microseconds);
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
