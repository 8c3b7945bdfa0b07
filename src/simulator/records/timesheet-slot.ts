import { weekday } from "../calendar.ts";
import { RecordRandom } from "./record-random.ts";
import type { ServedWindow } from "../served-window.ts";
import { staffMember, type Person } from "../texts/staff.ts";

/** Who booked for which day, and as which of the user's entries for that day: unique together. */
export interface TimesheetSlot {
  readonly user: Person;
  /** The working day the time was spent on. */
  readonly workDay: number;
  /** The day the record came in, up to six days later. */
  readonly arrivalDay: number;
  /** 0 to 14. */
  readonly entry: number;
  /** Minutes since midnight, different for each entry. */
  readonly startMinute: number;
}

const ENTRIES_AN_ARRIVAL_DAY = 5;
const SMALLEST_TEAM = 12;
const SATURDAY = 5;

/** Half hours after 08:00: a day's own entries leave gaps, which the weekend's late bookings fill. */
const START_HALF_HOURS = [0, 4, 8, 12, 16, 2, 6, 10, 14, 18, 1, 5, 9, 13, 17];

/**
 * Nobody works on a weekend, but people catch up with their bookings: what comes in then is for a day of the week
 * that ends. A user has at most five entries a day of arrival; where more come in, the desk has more users.
 */
export function timesheetSlot(seed: number, window: ServedWindow, ordinal: number): TimesheetSlot {
  const users = Math.max(SMALLEST_TEAM, Math.ceil(window.busiestDay / ENTRIES_AN_ARRIVAL_DAY));
  const arrivalDay = window.arrivalDay(ordinal);
  const place = ordinal - window.firstArrival(arrivalDay);
  const rotation = new RecordRandom(seed, "day", arrivalDay).below(users);
  const late = Math.max(0, weekday(arrivalDay) - SATURDAY + 1);
  const entry = late * ENTRIES_AN_ARRIVAL_DAY + Math.floor(place / users);
  const back = late === 0 ? 0 : late + new RecordRandom(seed, "day", ordinal, 1).below(5);
  return {
    user: staffMember((place + rotation) % users),
    workDay: arrivalDay - back,
    arrivalDay,
    entry,
    startMinute: 8 * 60 + 30 * (START_HALF_HOURS[entry] ?? 0),
  };
}
