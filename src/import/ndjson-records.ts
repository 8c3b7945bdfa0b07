import { isUtf8 } from "node:buffer";
import { errorMessage } from "../errors/error-message.ts";
import { SourceError } from "../errors/source-error.ts";
import { checkOneRecord } from "../views/one-record.ts";

const LINE_FEED = 0x0a;
const UTF8_BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The records of a file with one JSON value per line, each as its bytes. Blank lines are ignored.
 *
 * @throws SourceError `document` naming the line that is not JSON
 */
export async function* ndjsonRecords(
  chunks: AsyncIterable<Buffer>,
  maxRecordBytes: number,
): AsyncGenerator<Buffer> {
  let number = 0;
  for await (const line of lines(chunks, maxRecordBytes)) {
    number += 1;
    const record = number === 1 && line.subarray(0, 3).equals(UTF8_BYTE_ORDER_MARK) ? line.subarray(3) : line;
    const text = record.toString("utf8").trim();
    if (text === "") continue;
    const json = Buffer.from(text, "utf8");
    try {
      checkOneRecord(json);
    } catch (error) {
      throw new SourceError("document", `Line ${number} is not valid JSON: ${errorMessage(error)}.`, {
        remedy: `The line begins with ${JSON.stringify(text.slice(0, 120))}. Nothing was loaded from the file.`,
        cause: error,
      });
    }
    // A line that is not UTF-8 is passed on unchanged, and its record goes to quarantine.
    yield isUtf8(record) ? json : record;
  }
}

async function* lines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let number = 1;
  const keep = (part: Buffer): void => {
    partBytes += part.length;
    if (partBytes > maxBytes) {
      throw new SourceError("document", `Line ${number} is larger than ${maxBytes} bytes.`, {
        remedy: "If such records are expected, raise OTC_MAX_RECORD_BYTES.",
      });
    }
    parts.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end));
      yield parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      parts = [];
      partBytes = 0;
      number += 1;
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
