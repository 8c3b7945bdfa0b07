import { resumed } from "../source/resumed.ts";

const DELIMITERS = [",", ";", "\t"];

/** A header is looked at no further than this, which is room for 16,384 names of 64 characters. */
const MAX_HEADER_CHARACTERS = 1024 * 1024;

/** A first line by which Excel is told the delimiter. */
const DELIMITER_LINE = /^"?sep=(.)"?$/i;

/** How a CSV file is written. */
export interface CsvDialect {
  readonly delimiter: string;
  /** What ends a line, the longer before the shorter. */
  readonly lineEnds: readonly string[];
  /** The file from its beginning, without what only tells the dialect; to be read once. */
  readonly texts: AsyncGenerator<string>;
}

/**
 * Reads the first line in which anything stands, as a rule the header, to find the delimiter: of those that are usual the
 * one that the line has most of, outside quotes. A line `sep=;` before it says so itself.
 *
 * Where the header ends with a carriage return alone, as in files from old Macs, every line may; elsewhere a carriage return
 * belongs to the value.
 *
 * @param delimiter what was named; it is found when left out
 */
export async function readCsvDialect(
  texts: AsyncGenerator<string>,
  delimiter: string | undefined,
): Promise<CsvDialect> {
  let named = delimiter;
  let text = "";
  let ended = false;
  let line = new FirstLine();
  while (!ended) {
    const next = await texts.next();
    ended = next.done === true;
    if (next.done !== true) text += next.value;
    line.read(text, ended);
    const [, said] = DELIMITER_LINE.exec(line.found ?? "") ?? [];
    if (said !== undefined) {
      named ??= said;
      // Its end stays, so that messages count it as a line.
      text = text.slice(line.end);
      line = new FirstLine();
      line.read(text, ended);
    }
    if (line.found !== undefined || text.length > MAX_HEADER_CHARACTERS) break;
  }
  return {
    delimiter: named ?? delimiterOf(line.found ?? text),
    lineEnds: line.endsWithCarriageReturn ? ["\r\n", "\n", "\r"] : ["\r\n", "\n"],
    texts: resumed([text], texts),
  };
}

/** Finds the first line of a growing text that is not blank; a line break inside quotes does not end it. */
class FirstLine {
  /** The line, when it has been found. */
  found: string | undefined;
  endsWithCarriageReturn = false;
  /** Where it ends, before what ends it. */
  end = 0;
  #begin = 0;
  #inQuotes = false;

  /**
   * @param text all of the text so far
   * @param ended whether that is all there is
   */
  read(text: string, ended: boolean): void {
    for (; this.found === undefined && this.end < text.length; this.end += 1) {
      const character = text.charAt(this.end);
      if (character === '"') this.#inQuotes = !this.#inQuotes;
      if (this.#inQuotes || (character !== "\n" && character !== "\r")) continue;
      const isCarriageReturn = character === "\r" && text.charAt(this.end + 1) !== "\n";
      // A line feed may still come.
      if (isCarriageReturn && this.end + 1 === text.length && !ended) return;
      if (this.#take(text, isCarriageReturn)) return;
      this.#begin = this.end + 1;
    }
    if (ended && this.found === undefined) this.#take(text, false);
  }

  #take(text: string, endsWithCarriageReturn: boolean): boolean {
    const line = text.slice(this.#begin, this.end);
    if (line.trim() === "") return false;
    this.found = line;
    this.endsWithCarriageReturn = endsWithCarriageReturn;
    return true;
  }
}

function delimiterOf(line: string): string {
  const unquoted = line.replaceAll(/"[^"]*"/g, "");
  const count = (delimiter: string) => unquoted.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}
