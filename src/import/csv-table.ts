import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { OtcError } from "../errors/otc-error.ts";
import { type CsvDialect, readCsvDialect } from "./csv-dialect.ts";
import { decodedTexts } from "./decoded-texts.ts";
import { SourceError } from "../errors/source-error.ts";
import type { Row, Table } from "./table.ts";

interface CsvOptions {
  /** The delimiter; undefined to find it in the header. */
  readonly delimiter: string | undefined;
  readonly maxRecordBytes: number;
}

/**
 * Reads CSV (RFC 4180). Quoted values may contain line breaks. A value without characters is null, or an empty text if it
 * is quoted.
 *
 * @throws SourceError `document` when the bytes are neither UTF-8 nor UTF-16 with a mark, a quote is not closed, or there
 *   is no header
 */
export async function openCsv(chunks: AsyncGenerator<Buffer>, options: CsvOptions): Promise<Table> {
  const dialect = await readCsvDialect(decodedTexts(chunks), options.delimiter);
  const rows = parseRows(dialect, options.maxRecordBytes);
  const header = await readHeader(rows);
  if (header.some((name) => name.includes("\0"))) {
    await rows.return(undefined);
    throw notText();
  }
  return {
    header,
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
    remedy: "Give one character, such as ; or |, or the word tab.",
  });
}

/** The names in the first row that is not empty. */
async function readHeader(rows: AsyncGenerator<Row>): Promise<readonly string[]> {
  for (let row = await rows.next(); row.done !== true; row = await rows.next()) {
    const names = row.value.map((name) => String(name ?? "").trim());
    if (names.some((name) => name !== "")) return names;
  }
  throw new SourceError("document", "The file is empty: it does not even have a header.");
}

async function* parseRows(dialect: CsvDialect, maxRecordBytes: number): AsyncGenerator<Row> {
  const parser = parse({
    delimiter: dialect.delimiter,
    record_delimiter: [...dialect.lineEnds],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxRecordBytes,
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
  const source = Readable.from(dialect.texts);
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
        remedy: "An earlier quote may not be closed. If such rows are expected, raise OTC_MAX_RECORD_BYTES.",
        cause: error,
      },
    );
  }
  return new SourceError("document", `The file is not CSV: ${error.message}.`, {
    remedy:
      "Quotes inside a quoted value must be doubled. If the delimiter is wrong, name it with --delimiter.",
    cause: error,
  });
}

function notText(): SourceError {
  return new SourceError(
    "document",
    "The header contains zero bytes, as UTF-16 without a byte order mark does.",
    {
      remedy: "Save it as CSV UTF-8, or convert it: iconv -f utf-16le -t utf-8 FILE > NEW.csv",
    },
  );
}
