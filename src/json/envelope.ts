import { randomUUID } from "node:crypto";
import { closingQuote } from "./closing-quote.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  isJsonSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./json-bytes.ts";
import { SourceError } from "../errors/source-error.ts";

/** Where the API puts its list of records: `[…]`, `{"data":[…]}` or `{"message":{"data":[…]}}`. */
const LIST_PATHS = new Set(["[]", '["data"]', '["message","data"]']);
const LONGEST_LIST_PATH = 2;

/** A document with the list replaced by a string: the list itself, or an object that contains it at one of the paths. */
type Envelope = string | { readonly data?: unknown; readonly message?: { readonly data?: unknown } | null };

const EXCERPT_CHARACTERS = 200;

/**
 * Finds the `[` that opens the list of records in the beginning of a document. Other fields may precede it.
 *
 * @returns its offset, or undefined when it was not found yet; a text that is not JSON, such as a web page, has none
 */
export function findRecordList(beginning: Buffer): number | undefined {
  const first = beginning.find((byte) => !isJsonSpace(byte));
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return undefined;
  const path: (string | null)[] = [];
  let lastString = "";
  for (let index = 0; index < beginning.length; index += 1) {
    switch (beginning[index] as number) {
      case QUOTE: {
        const end = closingQuote(beginning, index + 1);
        if (end < 0) return undefined;
        lastString = stringOf(beginning.toString("utf8", index, end + 1));
        index = end;
        break;
      }
      case COLON:
        if (path.length > 0) path[path.length - 1] = lastString;
        break;
      case OPEN_BRACE:
        path.push("");
        break;
      case OPEN_BRACKET:
        if (path.length <= LONGEST_LIST_PATH && LIST_PATHS.has(JSON.stringify(path))) return index;
        path.push(null);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        path.pop();
        break;
      default:
      // checkEnvelope checks whether the rest is JSON.
    }
  }
  return undefined;
}

/** The name that a JSON string stands for, with its escapes resolved. checkEnvelope reports what is not a JSON string. */
function stringOf(json: string): string {
  if (!json.includes("\\")) return json.slice(1, -1);
  try {
    return JSON.parse(json) as string;
  } catch {
    return json;
  }
}

/**
 * Checks what surrounds the list. The beginning and the end must form one JSON document, and no other value may replace
 * the list: of several values with one name, JSON.parse keeps the last.
 *
 * @throws SourceError `document` when they do not, for example because the end is missing, or when the list is repeated
 */
export function checkEnvelope(beginning: Buffer, end: Buffer): void {
  // A random string stands for the list, so that no other value of the document can equal it.
  const list: string = randomUUID();
  let root: Envelope;
  try {
    root = JSON.parse(`${beginning.toString("utf8")}"${list}"${end.toString("utf8")}`) as Envelope;
  } catch (error) {
    throw new SourceError(
      "document",
      `The document does not end as JSON must: ${excerpt(end)} follows the last record.`,
      {
        retryable: true,
        remedy: "It was cut short or damaged in transfer. None of its records were loaded.",
        cause: error,
      },
    );
  }
  if (typeof root === "string") return;
  const found = [root.data, root.message?.data].filter((value) => value === list || Array.isArray(value));
  if (found.length === 1 && found[0] === list) return;
  throw new SourceError(
    "document",
    'The document names its list of records more than once: "data" or "message" is repeated.',
    {
      remedy: "None of its records were loaded, because it is unclear which list is meant. Ask the OTC team.",
    },
  );
}

/** The error for a response in which no list of records was found. */
export function noRecordList(beginning: Buffer): SourceError {
  const text = beginning.toString("utf8").trim();
  if (text === "") {
    return new SourceError("document", "The response is empty.", {
      remedy: "OTC sends a list for every view that exists, even if the list is empty. Ask the OTC team.",
    });
  }
  if (text.startsWith("<")) {
    return new SourceError("document", `The response is a web page, not JSON: ${excerpt(beginning)}.`, {
      remedy: "It is a login or maintenance page. Open OTC_API_URL in a browser, or try again later.",
    });
  }
  try {
    JSON.parse(text);
  } catch (error) {
    return new SourceError("document", `The response is not JSON, or was cut short: ${excerpt(beginning)}.`, {
      retryable: true,
      cause: error,
    });
  }
  return new SourceError("document", `The response contains no list of records: ${excerpt(beginning)}.`, {
    remedy: "OTC reports errors in this way. The quoted text is OTC's own message.",
  });
}

/** The first characters as a JSON string, so that no control character reaches a terminal or a log. */
function excerpt(bytes: Buffer): string {
  const text = bytes.toString("utf8", 0, EXCERPT_CHARACTERS * 4).trim();
  if (text === "") return "nothing";
  return text.length > EXCERPT_CHARACTERS
    ? `${JSON.stringify(text.slice(0, EXCERPT_CHARACTERS))}…`
    : JSON.stringify(text);
}
