import type { Scale } from "./scale.ts";

/**
 * Which records a view serves on a day, and the day on which a record arrived.
 *
 * Day d serves the ordinals `[d * perDay, d * perDay + count)`. Those of day 0 are spread over the whole window;
 * each later day brings `perDay` more and drops as many of the oldest.
 */
export class ServedWindow {
  /** Records served at a time. */
  readonly count: number;
  /** Length of the window in days. */
  readonly days: number;
  readonly perDay: number;
  /** No day has more arrivals than this. */
  readonly busiestDay: number;

  constructor(count: number, days: number) {
    this.count = count;
    this.days = days;
    this.perDay = count === 0 ? 0 : Math.max(1, Math.floor(count / days));
    this.busiestDay = Math.max(1, Math.ceil(count / days));
  }

  firstServed(day: number): number {
    return day * this.perDay;
  }

  /** The day the record came in: 0 or earlier for what day 0 serves. */
  arrivalDay(ordinal: number): number {
    if (ordinal >= this.count) return 1 + Math.floor((ordinal - this.count) / this.perDay);
    return 0 - Math.floor(((this.count - 1 - ordinal) * this.days) / this.count);
  }

  /** The first ordinal that came in on the day or after it. */
  firstArrival(day: number): number {
    if (day > 0) return this.count + (day - 1) * this.perDay;
    return this.count - Math.ceil(((1 - day) * this.count) / this.days);
  }
}

/** The windows of the three views, which refer to each other's records. */
export function servedWindows(scale: Scale) {
  return {
    tickets: new ServedWindow(scale.tickets, 1095),
    comments: new ServedWindow(scale.comments, 10),
    timesheets: new ServedWindow(scale.timesheets, 548),
  };
}

export type ServedWindows = ReturnType<typeof servedWindows>;
