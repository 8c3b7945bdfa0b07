import { DAY_SECONDS } from "./calendar.ts";
import { RecordRandom } from "./records/record-random.ts";
import type { ServedWindows } from "./served-window.ts";

/** What becomes of a record at its source, beyond changes of its values. */
export type Correction =
  /** Deleted, or merged into another record: it never comes again. */
  | "deleted"
  /** The start of a timesheet was wrong: the entry comes with another key. */
  | "other start"
  /** A timesheet was booked on the wrong ticket: the entry comes with another key. */
  | "other ticket"
  /** It is not there for some days, and then it is again. */
  | "away";

type CorrectedView = "tickets" | "comments" | "timesheets";

/** Of how many records something becomes, and within how many days after they came. */
const RULES: Readonly<
  Record<
    CorrectedView,
    { readonly share: number; readonly days: number; readonly kinds: readonly Correction[] }
  >
> = {
  // Nearly always a ticket that is merged into another.
  tickets: { share: 0.03, days: 60, kinds: ["deleted", "deleted", "deleted", "away"] },
  comments: { share: 0.01, days: 5, kinds: ["deleted"] },
  timesheets: {
    share: 0.04,
    days: 60,
    kinds: ["other start", "other start", "other ticket", "deleted", "away"],
  },
};

/** A record that is away comes back after so many days. */
const DAYS_AWAY = 4;

/** Another start than the quarters of an hour at which entries begin, so that no two entries have the same key. */
const MINUTES_LATER = 5;

/** Another ticket of the same parity, so that entries which start together still name different ones. */
const TICKETS_LATER = 2;

/** What has become of a record until the end of `day`; undefined when nothing has. */
export function correctionOf(
  seed: number,
  windows: ServedWindows,
  view: CorrectedView,
  ordinal: number,
  day: number,
): Correction | undefined {
  const { share, days, kinds } = RULES[view];
  const random = new RecordRandom(seed, "correction", ordinal, view.length);
  if (!random.chance(share)) return undefined;
  const since = windows[view].arrivalDay(ordinal) + 1 + random.below(days);
  const kind = random.pick(kinds);
  if (day < since || (kind === "away" && day >= since + DAYS_AWAY)) return undefined;
  return kind;
}

/** The record as it is after a correction; undefined when it does not come. */
export function corrected(record: object, correction: Correction): object | undefined {
  switch (correction) {
    case "deleted":
    case "away":
      return undefined;
    case "other start":
      return "TS-Time From" in record ? { ...record, "TS-Time From": later(record["TS-Time From"]) } : record;
    case "other ticket":
      return "TS-Crm ID" in record && record["TS-Crm ID"] !== null
        ? { ...record, "TS-Crm ID": Number(record["TS-Crm ID"]) + TICKETS_LATER }
        : record;
    default:
      return correction satisfies never;
  }
}

/** Internal time of a whole day gets a start. */
function later(start: unknown): string {
  const [hours = 0, minutes = 0] = typeof start === "string" ? start.split(":").map(Number) : [8, 0];
  const minute = (hours * 60 + minutes + MINUTES_LATER) % (DAY_SECONDS / 60);
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
