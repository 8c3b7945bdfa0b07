/** Digits alone, so neither a sign, a point, an exponent nor another base. */
const DIGITS = /^\d+$/;

/** @returns the number that a text spells; undefined when it spells none, or one outside of the range */
export function parseWholeNumber(
  text: string,
  { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: { minimum?: number; maximum?: number } = {},
): number | undefined {
  if (!DIGITS.test(text)) return undefined;
  const value = Number(text);
  return value >= minimum && value <= maximum ? value : undefined;
}
