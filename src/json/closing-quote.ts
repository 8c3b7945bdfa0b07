import { BACKSLASH, QUOTE } from "./json-bytes.ts";

/**
 * Finds where a JSON string ends. The native search for a quote is quicker than a look at each byte. `RecordFramer` looks
 * at each byte all the same, because its string may end in another chunk.
 *
 * @param from the index of the first byte after the opening quote, or of a later one that no backslash precedes
 * @returns the index of the closing quote; -1 when there is none before `limit`
 */
export function closingQuote(bytes: Buffer, from: number, limit = bytes.length): number {
  for (let quote = bytes.indexOf(QUOTE, from); quote >= 0 && quote < limit;) {
    let first = quote;
    while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
    if (isUnescaped(quote - first)) return quote;
    quote = bytes.indexOf(QUOTE, quote + 1);
  }
  return -1;
}

/** The same in a text, by code units. */
export function closingQuoteOfText(json: string, from: number): number {
  for (let quote = json.indexOf('"', from); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let first = quote;
    while (first > from && json.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if (isUnescaped(quote - first)) return quote;
  }
  return -1;
}

/** Whether a quote ends its string: of the backslashes before it, each second one is escaped by the one before. */
function isUnescaped(backslashes: number): boolean {
  return backslashes % 2 === 0;
}
