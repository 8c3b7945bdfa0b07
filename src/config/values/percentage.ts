/** A percentage from 0 to 100, exact: `0.57` is 57 of 10,000, which no binary fraction equals. */
export interface Percentage {
  readonly numerator: bigint;
  /** A power of ten. */
  readonly denominator: bigint;
}

/** @returns the percentage of a text such as `2.5`, `2.5%` or `2.5 %`; undefined when it is not a percentage from 0 to 100 */
export function parsePercentage(text: string): Percentage | undefined {
  const match = /^(\d+)(?:\.(\d+))?\s*%?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, whole = "", decimals = ""] = match;
  const numerator = BigInt(whole + decimals);
  const denominator = 100n * 10n ** BigInt(decimals.length);
  return numerator <= denominator ? { numerator, denominator } : undefined;
}

/** The percentage of `count`, a whole number, rounded down. */
export function percentageOf({ numerator, denominator }: Percentage, count: number): number {
  return Number((BigInt(count) * numerator) / denominator);
}

/** The percentage as a number from 0 to 1: the nearest floating-point number. */
export function ratioOf({ numerator, denominator }: Percentage): number {
  return Number(`${numerator}e-${String(denominator).length - 1}`);
}
