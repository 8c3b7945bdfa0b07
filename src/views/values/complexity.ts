import type { RejectReason } from "../reject-reasons.ts";
/** A record with more values or levels than this is not parsed, because each of them becomes an object in memory. */
const MOST_VALUES = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

export const TOO_COMPLEX: { readonly reason: RejectReason; readonly message: string } = {
  reason: "too_complex",
  message: `The record has more than ${MOST_VALUES} values, lists or objects.`,
};

/**
 * Whether a record has so many values that parsing it would need a hundred times its size in memory. It reads the bytes
 * once, and stops at the limit.
 */
export function isTooComplex(bytes: Buffer, start: number, end: number): boolean {
  // Every value but the first of a list has a comma before it, and is one byte at least.
  if (end - start <= MOST_VALUES) return false;
  let values = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at, end);
    } else if (byte === COMMA || byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      values += 1;
      if (values > MOST_VALUES) return true;
    }
  }
  return false;
}

/** The closing quote of the string that begins at `start`, or `end`. */
function endOfString(bytes: Buffer, start: number, end: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0 && at < end; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return end;
}
