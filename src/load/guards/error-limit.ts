import { parsePercentage, type Percentage, percentageOf } from "../../config/values/percentage.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

/** How many records may go to quarantine before the load counts as failed. */
export type ErrorLimit =
  | { readonly kind: "default" }
  | { readonly kind: "records"; readonly records: number }
  | { readonly kind: "percent"; readonly percent: Percentage };

/** The default limit is the larger of these. */
const DEFAULT_RECORDS = 100;
const DEFAULT_PERCENT: Percentage = { numerator: 1n, denominator: 100n };

/** Any number of records may go to quarantine. */
export const NO_ERROR_LIMIT: ErrorLimit = { kind: "percent", percent: { numerator: 1n, denominator: 1n } };

/**
 * Reads `--max-errors`: a number of records, or a percentage such as `2.5%`.
 *
 * @throws OtcError `usage`
 */
export function parseErrorLimit(text: string): ErrorLimit {
  const given = text.trim();
  const percent = given.endsWith("%") ? parsePercentage(given) : undefined;
  if (percent !== undefined) return { kind: "percent", percent };
  const records = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(records)) return { kind: "records", records };
  throw new OtcError("usage", `--max-errors is "${text}".`, {
    remedy: "Give a number of records such as 50, or a percentage from 0% to 100%.",
  });
}

/** The most records that may go to quarantine out of `fetched`. */
export function maximumErrors(limit: ErrorLimit, fetched: number): number {
  switch (limit.kind) {
    case "default":
      return Math.max(DEFAULT_RECORDS, percentageOf(DEFAULT_PERCENT, fetched));
    case "records":
      return limit.records;
    case "percent":
      return percentageOf(limit.percent, fetched);
    default:
      return limit satisfies never;
  }
}

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
