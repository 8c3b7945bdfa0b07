import type { Cell } from "../table.ts";
import type { TimeFormat } from "./number-format.ts";

const DAY_MS = 86_400_000;

/** A workbook's calendar, in which days are numbered from 0: its first day, and its last one (31 December 9999). */
interface Calendar {
  readonly epoch: number;
  readonly lastDay: number;
  readonly hasLeapDay1900: boolean;
}

/** Excel inherited from Lotus 1-2-3 that 1900 had a 29 February, which is day 60. */
const CALENDAR_1900: Calendar = { epoch: Date.UTC(1899, 11, 30), lastDay: 2_958_465, hasLeapDay1900: true };
const CALENDAR_1904: Calendar = { epoch: Date.UTC(1904, 0, 1), lastDay: 2_957_003, hasLeapDay1900: false };

/** The format of a bare number in a column of times. */
const ANY_TIME: TimeFormat = { date: true, time: false, seconds: false, elapsed: false };

/** Converts the numbers that represent times in a workbook into wall time. */
export type SerialTime = (serial: number, format?: TimeFormat) => Cell;

/**
 * @param from1904 whether the workbook counts its days from 1904, as workbooks from old Macs do
 * @returns a function that returns `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS[.mmm]` or, for only a time of day or a duration,
 *   `HH:MM[:SS[.mmm]]`; it returns a number outside the calendar unchanged
 */
export function serialTimeOf(from1904: boolean): SerialTime {
  const calendar = from1904 ? CALENDAR_1904 : CALENDAR_1900;
  return (serial, format = ANY_TIME) => {
    // A float of 64 bits stores today's days to a microsecond. Rounding to milliseconds removes its noise.
    const milliseconds = Math.round(serial * DAY_MS);
    const day = Math.floor(milliseconds / DAY_MS);
    if (!(serial >= 0) || day > calendar.lastDay) return serial;
    const ofDay = milliseconds - day * DAY_MS;
    if (format.elapsed) return clock(milliseconds, format.seconds);
    if (!format.date && day === 0) return clock(ofDay, format.seconds);
    const date = dateText(day, calendar);
    return ofDay === 0 && !format.time ? date : `${date} ${clock(ofDay, true)}`;
  };
}

/** Days that Excel shows but that never existed keep their names, so that they do not become other days. */
function dateText(day: number, { epoch, hasLeapDay1900 }: Calendar): string {
  if (hasLeapDay1900 && day === 0) return "1900-01-00";
  if (hasLeapDay1900 && day === 60) return "1900-02-29";
  const offset = hasLeapDay1900 && day < 60 ? day + 1 : day;
  return new Date(epoch + offset * DAY_MS).toISOString().slice(0, 10);
}

function clock(milliseconds: number, withSeconds: boolean): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const seconds = (milliseconds / 1000) % 60;
  const fraction = milliseconds % 1000;
  const minutes = `${two(milliseconds / 3_600_000)}:${two((milliseconds / 60_000) % 60)}`;
  if (!withSeconds && seconds === 0) return minutes;
  return `${minutes}:${two(seconds)}${fraction === 0 ? "" : `.${String(fraction).padStart(3, "0")}`}`;
}
