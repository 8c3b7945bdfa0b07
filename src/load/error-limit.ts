import { OtcError } from "../errors/otc-error.ts";

/** How many records may go to quarantine before the load counts as failed. */
export type ErrorLimit =
  | { readonly kind: "default" }
  | { readonly kind: "records"; readonly records: number }
  | { readonly kind: "percent"; readonly percent: number };

/** The default limit is the larger of these. */
const DEFAULT_RECORDS = 100;
const DEFAULT_PERCENT = 1;

/**
 * Reads `--max-errors`: a number of records, or a percentage such as `2.5%`.
 *
 * @throws OtcError `usage`
 */
export function parseErrorLimit(text: string): ErrorLimit {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (match?.[2] === "%" && value <= 100) return { kind: "percent", percent: value };
  if (match?.[2] === "" && Number.isSafeInteger(value)) return { kind: "records", records: value };
  throw new OtcError("usage", `--max-errors is "${text}".`, {
    remedy: "Give a number of records such as 50, or a percentage from 0% to 100%.",
  });
}

/** The most records that may go to quarantine out of `fetched`. */
export function maximumErrors(limit: ErrorLimit, fetched: number): number {
  switch (limit.kind) {
    case "default":
      return Math.max(DEFAULT_RECORDS, Math.floor((fetched * DEFAULT_PERCENT) / 100));
    case "records":
      return limit.records;
    case "percent":
      return Math.floor((fetched * limit.percent) / 100);
    default:
      return limit satisfies never;
  }
}
