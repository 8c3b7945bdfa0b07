import { randomUUID } from "node:crypto";
import {
  BACKSLASH,
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

/** What stands around the list: the list itself, or an object that holds it by one of the paths. */
type Envelope = string | { readonly data?: unknown; readonly message?: { readonly data?: unknown } | null };

const EXCERPT_CHARACTERS = 200;

/**
 * Finds the `[` that opens the list of records in the beginning of a document. Other fields may stand before it.
 *
 * @returns its offset, or undefined when it has not come yet; it never does in a text that is not JSON, such as a page
 */
export function findRecordList(beginning: Buffer): number | undefined {
  const first = beginning.find((byte) => !isJsonSpace(byte));
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return undefined;
  const path: (string | null)[] = [];
  let lastString = "";
  for (let index = 0; index < beginning.length; index += 1) {
    switch (beginning[index] as number) {
      case QUOTE: {
        const end = endOfString(beginning, index);
        if (end === undefined) return undefined;
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
      // Whether the rest is JSON is for checkEnvelope to say.
    }
  }
  return undefined;
}

function endOfString(bytes: Buffer, start: number): number | undefined {
  for (let index = start + 1; index < bytes.length; index += 1) {
    if (bytes[index] === BACKSLASH) index += 1;
    else if (bytes[index] === QUOTE) return index;
  }
  return undefined;
}

/** A name may be spelled with escapes. What is no JSON string is left to checkEnvelope. */
function stringOf(json: string): string {
  if (!json.includes("\\")) return json.slice(1, -1);
  try {
    return JSON.parse(json) as string;
  } catch {
    return json;
  }
}

/**
 * Checks what stands around the list: the beginning and the end have to make one JSON document,
 * in which nothing takes the place of the list: of values with one name JSON.parse keeps the last.
 *
 * @throws SourceError `document` when they do not, as when the end is missing, or when the list is named more than once
 */
export function checkEnvelope(beginning: Buffer, end: Buffer): void {
  // Stands for the list, and nowhere else.
  const list: string = randomUUID();
  let root: Envelope;
  try {
    root = JSON.parse(`${beginning.toString("utf8")}"${list}"${end.toString("utf8")}`) as Envelope;
  } catch (error) {
    throw new SourceError(
      "document",
      `The document does not end as JSON should: ${excerpt(end)} after the last record.`,
      {
        retryable: true,
        remedy: "It was cut short or damaged on its way; nothing of it was loaded.",
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
    { remedy: "Nothing of it was loaded, as nobody could say which list is meant; ask the OTC team." },
  );
}

/** The error for an answer in which no list of records was found. */
export function noRecordList(beginning: Buffer): SourceError {
  const text = beginning.toString("utf8").trim();
  if (text === "") {
    return new SourceError("document", "The answer is empty.", {
      remedy: "OTC sends a list, if an empty one, for a view that exists; ask the OTC team.",
    });
  }
  if (text.startsWith("<")) {
    return new SourceError("document", `The answer is a web page, not JSON: ${excerpt(beginning)}.`, {
      remedy: "A login or maintenance page: open OTC_API_URL in a browser, or try again later.",
    });
  }
  try {
    JSON.parse(text);
  } catch (error) {
    return new SourceError("document", `The answer is not JSON, or was cut short: ${excerpt(beginning)}.`, {
      retryable: true,
      cause: error,
    });
  }
  return new SourceError("document", `The answer holds no list of records: ${excerpt(beginning)}.`, {
    remedy: "OTC answers an error in this way; the text above is its own.",
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
