import { OtcError } from "../../errors/otc-error.ts";
import { parseWholeNumber } from "../../format/whole-number.ts";

/**
 * Reads a whole number given on the command line.
 *
 * @param name of the flag or the argument, for the message
 * @param maximum any number when left out
 * @throws OtcError `usage`
 */
export function requireWholeNumber(name: string, text: string, maximum?: number): number {
  const value = parseWholeNumber(text, maximum === undefined ? {} : { maximum });
  if (value !== undefined) return value;
  throw new OtcError("usage", `${name} is ${JSON.stringify(text)}.`, {
    remedy: maximum === undefined ? "Give a whole number." : `Give a whole number from 0 to ${maximum}.`,
  });
}
