import { OtcError } from "../../errors/otc-error.ts";
import { SECONDS_A_DAY } from "./calendar.ts";

/** Computes the UTC offset of wall time in one time zone. */
export interface TimeZone {
  readonly name: string;
  /**
   * @param day days since 1970-01-01; the date exists
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
 * The zone with an IANA name. It uses the offset from before a change of the clocks, for the hour that occurs twice when
 * the clocks go back, and for the hour that is skipped when they go forward.
 *
 * @param setting where the name comes from, for the message
 * @throws OtcError `configuration` when there is no such zone.
 */
export async function timeZoneNamed(name: string, setting = "OTC_TIMEZONE"): Promise<TimeZone> {
  if (name === "UTC") return UTC;
  // Imported only here, because most installations use UTC, and the import would slow down the start of every command.
  const { Temporal } = await import("temporal-polyfill");

  /** The offset of a whole day, or undefined for a day on which the clocks change. */
  const offsetOfDay = new Map<number, number | undefined>();
  const epoch = Temporal.PlainDate.from("1970-01-01");

  // `earlier` uses the offset before the change. `compatible` gives the same instant, but the offset after a gap.
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
    throw new OtcError("configuration", `${setting} is "${name}", which is not a time zone.`, {
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

/** Whether two names mean one zone, such as UTC and Etc/UTC, or a name that was replaced by another. */
export async function isSameTimeZone(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const { Temporal } = await import("temporal-polyfill");
  try {
    return new Temporal.ZonedDateTime(0n, one).equals(new Temporal.ZonedDateTime(0n, other));
  } catch {
    // A name that this version of Node does not know is not the one that it does.
    return false;
  }
}
