import { resumed } from "../source/resumed.ts";

const DELIMITERS = [",", ";", "\t"];

/** The most that is read to find the end of a header. It has room for 16,384 names of 64 characters. */
const MAX_HEADER_CHARACTERS = 1024 * 1024;

/** A first line that tells Excel the delimiter. */
const DELIMITER_LINE = /^"?sep=(.)"?$/i;

/** How a CSV file is written. */
export interface CsvDialect {
  readonly delimiter: string;
  /** The line endings, the longer before the shorter. */
  readonly lineEnds: readonly string[];
  /** The whole file, without a line that only names the delimiter. It can be read once. */
  readonly texts: AsyncGenerator<string>;
}

/**
 * Reads the first line that is not blank, usually the header, to find the delimiter. It is the common delimiter that
 * occurs most often in the line, outside quotes. A line `sep=;` before the header names it instead.
 *
 * If the header ends with a carriage return alone, as in files from old Macs, every line may end so. Otherwise a carriage
 * return belongs to the value.
 *
 * @param delimiter the delimiter that the user named, if any
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
      // The line's ending stays, so that messages count it as a line.
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

/** Finds the first line of a growing text that is not blank. A line break inside quotes does not end the line. */
class FirstLine {
  /** The line, once it has been found. */
  found: string | undefined;
  endsWithCarriageReturn = false;
  /** Where the line ends, before its line ending. */
  end = 0;
  #begin = 0;
  #inQuotes = false;

  /**
   * @param text the text from its beginning
   * @param ended whether the text is complete
   */
  read(text: string, ended: boolean): void {
    for (; this.found === undefined && this.end < text.length; this.end += 1) {
      const character = text.charAt(this.end);
      if (character === '"') this.#inQuotes = !this.#inQuotes;
      if (this.#inQuotes || (character !== "\n" && character !== "\r")) continue;
      const isCarriageReturn = character === "\r" && text.charAt(this.end + 1) !== "\n";
      // The next chunk may begin with a line feed.
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
