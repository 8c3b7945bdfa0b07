import { OtcError } from "../../errors/otc-error.ts";
import type { LoadCounts } from "../../runs/outcome.ts";

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
