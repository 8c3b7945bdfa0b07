import { closingQuoteOfText } from "../json/closing-quote.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  isJsonSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "../json/json-bytes.ts";

/**
 * Renames the fields of a record. Everything else stays unchanged, in particular the digits of numbers.
 *
 * @param json the text of a record
 * @param nameOf returns the new name of a field
 */
export function renameFields(json: string, nameOf: (field: string) => string): string {
  let renamed = "";
  let copied = 0;
  let depth = 0;
  let index = 0;
  while (index < json.length) {
    switch (json.charCodeAt(index)) {
      case QUOTE: {
        const quote = closingQuoteOfText(json, index + 1);
        const end = quote < 0 ? json.length : quote + 1;
        if (depth === 1 && isBeforeColon(json, end)) {
          const field = unquoted(json.slice(index, end));
          const name = field === undefined ? undefined : nameOf(field);
          if (name !== field) {
            renamed += json.slice(copied, index) + JSON.stringify(name);
            copied = end;
          }
        }
        index = end;
        continue;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      default:
    }
    index += 1;
  }
  return renamed + json.slice(copied);
}

function isBeforeColon(json: string, index: number): boolean {
  let next = index;
  while (isJsonSpace(json.charCodeAt(next))) next += 1;
  return json.charCodeAt(next) === COLON;
}

/** Undefined for a token that is not a JSON string. The parser of the record reports that later. */
function unquoted(token: string): string | undefined {
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}
