import { OtcError } from "../../errors/otc-error.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like, for messages. */
export const DURATION_EXAMPLES = "500ms, 30s, 5m, 26h or 2d";

/** @returns the milliseconds of a duration such as `30s`, `5m`, `26h` or `1.5d`; undefined when the text is not a duration */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNIT_MS[match?.[2] ?? ""];
  return unit === undefined ? undefined : Math.round(Number(match?.[1]) * unit);
}

/**
 * Reads a duration given on the command line.
 *
 * @param flag the option that the duration was given for, for the message
 * @returns milliseconds
 * @throws OtcError `usage`
 */
export function parseDuration(text: string, flag: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new OtcError("usage", `${flag} is ${JSON.stringify(text)}.`, {
    remedy: `Give a number with a unit: ${DURATION_EXAMPLES}.`,
  });
}
