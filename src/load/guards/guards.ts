import { OtcError } from "../../errors/otc-error.ts";
import { type ErrorLimit, maximumErrors } from "./error-limit.ts";
import type { View } from "../../views/view.ts";
import type { LateRows } from "../classify/late-rows.ts";
import type { LoadCounts } from "../../runs/outcome.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

/** A document with less than this part of the last load's records looks cut short at its source. */
const SHRINK_RATIO = 0.5;

/** So many records may always be late, and this part of a document. */
const MOST_LATE = 100;
const MOST_LATE_RATIO = 0.05;

/** A record that is entered, or gets into the view, so many days after its date is not late. */
const DAYS_OF_GRACE = 2;

/** The guards of a load: what trips one fails the load, and is told by a plan. */
export type Guard = "error_limit" | "shrink" | "late";

/** @returns an OtcError `guard` when more records are in quarantine than the limit allows */
export function checkErrorLimit(errors: number, fetched: number, limit: ErrorLimit): OtcError | undefined {
  const maximum = maximumErrors(limit, fetched);
  if (errors <= maximum) return undefined;
  return new OtcError(
    "guard",
    `${formatCount(errors)} of ${formatNumberOf(fetched, "record")} cannot be loaded, more than the ${formatCount(maximum)} allowed.`,
    {
      remedy:
        "So many point to a change at the source. Look at them in etl_rejects; " +
        "to load the others all the same, raise --max-errors.",
    },
  );
}

/**
 * @param last records fetched by the last committed load, undefined when there is none
 * @returns an OtcError `guard` when the document has fewer than half as many
 */
export function checkShrink(
  fetched: number,
  last: number | undefined,
  allowShrink: boolean,
): OtcError | undefined {
  if (allowShrink || last === undefined || fetched >= last * SHRINK_RATIO) return undefined;
  return new OtcError(
    "guard",
    `The document has ${formatNumberOf(fetched, "record")}, fewer than half of the last load's ${formatCount(last)}.`,
    {
      remedy: "If OTC really has so few now, load with --allow-shrink.",
    },
  );
}

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

/**
 * @param expected SHA-256 in hex of what the document should be, where that is known
 * @throws OtcError `guard` when it is another document
 */
export function checkDigest(sha256: string, expected: string | undefined, origin: string): void {
  if (expected === undefined || sha256 === expected) return;
  throw new OtcError(
    "guard",
    `${origin} is not the document that was archived: its SHA-256 is ${sha256}, and was ${expected}.`,
    {
      remedy:
        "It was changed or damaged since; nothing of it was loaded. " +
        "To load it all the same: `otc-etl load VIEW --from FILE`.",
    },
  );
}

/**
 * The last check before COMMIT: every record of the document is accounted for once.
 *
 * @throws OtcError `internal` when the counts do not add up, as when a trigger swallows rows
 */
export function checkCounts(counts: LoadCounts): void {
  const { fetched, inserted, updated, skipped, errors, duplicates, unchanged } = counts;
  if (fetched === inserted + updated + skipped + errors && skipped === unchanged + duplicates) return;
  throw new OtcError(
    "internal",
    `The counts do not add up: ${fetched} fetched, but ${inserted} inserted + ${updated} updated + ` +
      `${skipped} skipped (${unchanged} unchanged, ${duplicates} duplicates) + ${errors} errors.`,
    { remedy: "A trigger or rule on the table may swallow rows; nothing was loaded." },
  );
}
