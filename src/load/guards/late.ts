import { OtcError } from "../../errors/otc-error.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";
import type { View } from "../../views/view.ts";
import type { LateRows } from "../classify/late-rows.ts";

/** So many records may always be late, and this part of a document. */
const MOST_LATE = 100;
const MOST_LATE_RATIO = 0.05;

/** A record that is entered, or gets into the view, so many days after its date is not late. */
const DAYS_OF_GRACE = 2;

/** Inserted records with a date before this should have been in the document of the load that began then. */
export function lateBefore(lastStart: Date): Date {
  return new Date(lastStart.getTime() - DAYS_OF_GRACE * 86_400_000);
}

/**
 * @param before as `lateBefore` says
 * @returns an OtcError `guard` when more records are late than a night brings
 */
export function checkLate(
  view: View,
  { count, examples }: LateRows,
  fetched: number,
  before: Date,
  allowLate: boolean,
): OtcError | undefined {
  const maximum = Math.max(MOST_LATE, Math.floor(fetched * MOST_LATE_RATIO));
  if (allowLate || count <= maximum) return undefined;
  const keys = examples.map((key) =>
    Object.entries(key)
      .map(([column, value]) => `${column}=${value ?? "null"}`)
      .join(", "),
  );
  return new OtcError(
    "guard",
    `${formatCount(count)} of ${formatNumberOf(fetched, "record")} are new, although their ${view.missing?.window ?? "date"} is before ` +
      `${before.toISOString()}, so that the last load should have had them; more than the ${formatCount(maximum)} allowed. ` +
      `For example: ${keys.join("; ")}.`,
    {
      remedy:
        "Probably a part of the key is written or read in another way than before, and each record would be inserted " +
        "a second time: compare these records with their rows. If they really are new, load with --allow-late.",
    },
  );
}
