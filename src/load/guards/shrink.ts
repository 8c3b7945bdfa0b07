import { OtcError } from "../../errors/otc-error.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

/** A document with less than this part of the last load's records looks cut short at its source. */
const SHRINK_RATIO = 0.5;

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
