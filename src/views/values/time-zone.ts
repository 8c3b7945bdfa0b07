import { OtcError } from "../../errors/otc-error.ts";

/** Tells the UTC offset of wall time in one time zone. */
export interface TimeZone {
  readonly name: string;
  /**
   * @param date `YYYY-MM-DD`, a date that exists
   * @param time `HH:MM:SS`
   * @returns the offset as PostgreSQL reads it, for example `+10:00`
   */
  offsetOf(date: string, time: string): string;
}

const UTC: TimeZone = { name: "UTC", offsetOf: () => "+00:00" };

/** A history of thirty years has about 11,000 days. */
const MAX_CACHED_DAYS = 20_000;

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
  const offsetOfDay = new Map<string, string | undefined>();

  // `earlier` stays before the change; `compatible` means the same instant, but tells the offset after a gap.
  const exactOffset = (date: string, time: string): string =>
    Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(name, { disambiguation: "earlier" })
      .offset;

  const computeOffsetOfDay = (date: string): string | undefined => {
    const day = Temporal.PlainDate.from(date);
    const before = exactOffset(day.subtract({ days: 1 }).toString(), "12:00:00");
    const after = exactOffset(day.add({ days: 1 }).toString(), "12:00:00");
    return before === after && before === exactOffset(date, "12:00:00") ? before : undefined;
  };

  try {
    exactOffset("2000-01-01", "00:00:00");
  } catch (error) {
    throw new OtcError("configuration", `OTC_TIMEZONE is "${name}", which is not a time zone.`, {
      remedy: 'Use an IANA name such as "Europe/Vienna" or "Australia/Sydney".',
      cause: error,
    });
  }

  return {
    name,
    offsetOf(date, time) {
      let offset = offsetOfDay.get(date);
      if (offset === undefined && !offsetOfDay.has(date)) {
        if (offsetOfDay.size >= MAX_CACHED_DAYS) offsetOfDay.clear();
        offset = computeOffsetOfDay(date);
        offsetOfDay.set(date, offset);
      }
      return offset ?? exactOffset(date, time);
    },
  };
}
