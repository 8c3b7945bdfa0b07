/** A float of 64 bits stores this many digits of any number exactly. */
const EXACT_DIGITS = 15;

/**
 * Reads the number of a cell. It is a float of 64 bits, of which Excel writes 17 digits (`1.1000000000000001` for 1.1),
 * so that its shortest form is the number that the user entered. A whole number with more digits than a float can store
 * is probably an identifier. It stays a text with all its digits, and so does anything that is not a number.
 */
export function cellNumber(text: string): number | string {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  return /^-?\d+$/.test(text) && text.length > EXACT_DIGITS ? text : number;
}
