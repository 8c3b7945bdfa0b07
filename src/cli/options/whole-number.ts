import { OtcError } from "../../errors/otc-error.ts";

/**
 * Reads a whole number given on the command line.
 *
 * @param flag without dashes, for the message
 * @throws OtcError `usage`
 */
export function parseWholeNumber(flag: string, text: string, maximum: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= maximum) return value;
  throw new OtcError("usage", `--${flag} is "${text}".`, {
    remedy: `Give a whole number from 0 to ${maximum}.`,
  });
}
