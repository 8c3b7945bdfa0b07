/** A float of 64 bits keeps this many digits of any number. */
const EXACT_DIGITS = 15;

/**
 * A number as a cell holds it. It is a float of 64 bits, of which Excel writes 17 digits (`1.1000000000000001` for 1.1),
 * so its shortest form is what was meant. A whole number of more digits than a float keeps is a number somebody counts or
 * names things by; it stays a text, digit for digit, and so does what is no number.
 */
export function cellNumber(text: string): number | string {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  return /^-?\d+$/.test(text) && text.length > EXACT_DIGITS ? text : number;
}
