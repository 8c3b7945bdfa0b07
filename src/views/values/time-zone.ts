import { OtcError } from "../../errors/otc-error.ts";
import { SECONDS_A_DAY } from "./calendar.ts";

/** Tells the UTC offset of wall time in one time zone. */
export interface TimeZone {
  readonly name: string;
  /**
   * @param day days since 1970-01-01, of a date that exists
   * @param secondOfDay from 0 to 86,399
   * @returns seconds east of UTC
   */
  offsetSeconds(day: number, secondOfDay: number): number;
}

const UTC: TimeZone = { name: "UTC", offsetSeconds: () => 0 };

/** A history of thirty years has about 11,000 days. */
const MAX_CACHED_DAYS = 20_000;

const NOON = SECONDS_A_DAY / 2;

/**
 * The zone of an IANA name. Where clocks go back, the first of the two times is meant; where they go forward, the time
 * as if they had not yet: the offset from before the change in either case.
 *
 * @throws OtcError `configuration` when there is no such zone.
 */
export async function timeZoneNamed(name: string): Promise<TimeZone> {
  if (name === "UTC") return UTC;
  // Loaded only here: most installations run in UTC, and every command would pay for it at start-up.
  const { Temporal } = await import("temporal-polyfill");

  /** The whole day's offset, or undefined for a day on which the clocks change. */
  const offsetOfDay = new Map<number, number | undefined>();
  const epoch = Temporal.PlainDate.from("1970-01-01");

  // `earlier` stays before the change; `compatible` means the same instant, but tells the offset after a gap.
  const exactOffset = (day: number, secondOfDay: number): number =>
    epoch
      .add({ days: day })
      .toPlainDateTime()
      .add({ seconds: secondOfDay })
      .toZonedDateTime(name, { disambiguation: "earlier" }).offsetNanoseconds / 1e9;

  const computeOffsetOfDay = (day: number): number | undefined => {
    const before = exactOffset(day - 1, NOON);
    const after = exactOffset(day + 1, NOON);
    return before === after && before === exactOffset(day, NOON) ? before : undefined;
  };

  try {
    exactOffset(0, 0);
  } catch (error) {
    throw new OtcError("configuration", `OTC_TIMEZONE is "${name}", which is not a time zone.`, {
      remedy: 'Use an IANA name such as "Europe/Vienna" or "Australia/Sydney".',
      cause: error,
    });
  }

  return {
    name,
    offsetSeconds(day, secondOfDay) {
      let offset = offsetOfDay.get(day);
      if (offset === undefined && !offsetOfDay.has(day)) {
        if (offsetOfDay.size >= MAX_CACHED_DAYS) offsetOfDay.clear();
        offset = computeOffsetOfDay(day);
        offsetOfDay.set(day, offset);
      }
      return offset ?? exactOffset(day, secondOfDay);
    },
  };
}
