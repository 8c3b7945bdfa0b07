import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { OtcError } from "../errors/otc-error.ts";
import { SourceError } from "./source-error.ts";
import type { Row, Table } from "./table.ts";

const DELIMITERS = [",", ";", "\t"];

interface CsvOptions {
  /** What stands between values; found in the header when left out. */
  readonly delimiter: string | undefined;
  readonly maxRecordBytes: number;
}

/**
 * Reads CSV (RFC 4180) in UTF-8: values may be quoted and then hold line breaks; a byte order mark is skipped. A value of
 * no characters is null, and an empty text where it is quoted.
 *
 * @throws SourceError `document` when the bytes are not UTF-8, a quote is not closed or there is no header
 */
export async function openCsv(chunks: AsyncGenerator<Buffer>, options: CsvOptions): Promise<Table> {
  const texts = utf8Texts(chunks);
  const first = await texts.next();
  if (first.done === true) throw noHeader();
  const delimiter = options.delimiter ?? delimiterOf(first.value);
  const rows = parseRows(startingWith(first.value, texts), delimiter, options.maxRecordBytes);
  const header = await rows.next();
  if (header.done === true) throw noHeader();
  return {
    header: header.value.map((name) => String(name ?? "").trim()),
    rows,
    placed: "by counting",
    timeOf: (serial) => serial,
  };
}

/**
 * Reads `--delimiter`.
 *
 * @throws OtcError `usage`
 */
export function parseDelimiter(text: string): string {
  const delimiter = text === "tab" || text === "\\t" ? "\t" : text;
  if (delimiter.length === 1 && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new OtcError("usage", `--delimiter is ${JSON.stringify(text)}.`, {
    remedy: "Give one character, such as ; or |, or tab.",
  });
}

/** Of those that are usual the one that the first line has most of, outside quotes. */
function delimiterOf(beginning: string): string {
  const [line = ""] = beginning.replaceAll(/"[^"]*"/g, "").split(/\r?\n/, 1);
  const count = (delimiter: string) => line.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

async function* utf8Texts(chunks: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true });
      bytes += chunk.length;
      if (text !== "") yield text;
    }
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SourceError("document", `The file is not UTF-8, soon after byte ${bytes}.`, {
      remedy: "Save it as CSV UTF-8, or convert it: iconv -f windows-1252 -t utf-8 FILE > NEW.csv",
      cause: error,
    });
  }
}

async function* startingWith(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

async function* parseRows(
  texts: AsyncGenerator<string>,
  delimiter: string,
  maxRecordBytes: number,
): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxRecordBytes,
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
  const source = Readable.from(texts);
  source.on("error", (error) => parser.destroy(error)).pipe(parser);
  try {
    for await (const row of parser as AsyncIterable<Row>) {
      if (row.some((cell) => cell !== null)) yield row;
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(error, maxRecordBytes) : error;
  } finally {
    source.destroy();
  }
}

function malformed(error: CsvError, maxRecordBytes: number): SourceError {
  if (error.code === "CSV_MAX_RECORD_SIZE") {
    return new SourceError(
      "document",
      `Line ${String(error["lines"])}: a row is larger than ${maxRecordBytes} bytes.`,
      {
        remedy:
          "A quote before it may never have been closed. If such rows are expected, raise OTC_MAX_RECORD_BYTES.",
        cause: error,
      },
    );
  }
  return new SourceError("document", `The file is not CSV: ${error.message}.`, {
    remedy: "Quotes inside a quoted value have to be doubled; --delimiter names what stands between values.",
    cause: error,
  });
}

function noHeader(): SourceError {
  return new SourceError("document", "The file is empty: it has not even a header.");
}
