import { Readable } from "node:stream";
import { isTooComplex } from "../../views/values/complexity.ts";
import { timeZoneNamed } from "../../views/values/time-zone.ts";
import type { View } from "../../views/view.ts";
import { jsonRecords } from "../json-records.ts";
import { checkFile } from "../../source/file-bytes.ts";
import { openRecordFile, type RecordFileOptions } from "../open-record-file.ts";
import { ColumnValues } from "./column-values.ts";
import { type Suggestion, suggestMapping } from "./suggest-mapping.ts";

/** Values are taken from the first records: this many of them, or this many bytes. */
const SAMPLE_RECORDS = 1000;
const SAMPLE_BYTES = 16 * 1024 * 1024;

/** Guesses how a file could be imported, from its first records. `records` is the number of those that were read. */
export interface FileSuggestion extends Suggestion {
  readonly records: number;
}

/**
 * Reads the beginning of a file, and guesses which of its columns are fields of the view.
 *
 * @throws OtcError `usage` when the file cannot be read; SourceError when it does not have its format
 */
export async function suggestFromFile(options: RecordFileOptions, view: View): Promise<FileSuggestion> {
  await checkFile(options.path);
  const file = await openRecordFile(options);
  try {
    const document = Readable.from(file.document({ naming: () => undefined, key: undefined }));
    const records = await sampleOf(jsonRecords(document as AsyncIterable<Buffer>, options.maxRecordBytes));
    const zone = await timeZoneNamed("UTC");
    // A mapping cannot tell two columns with one title apart.
    const titles = file.fields.filter(
      (field, index) =>
        field !== "" && file.fields.indexOf(field) === index && file.fields.lastIndexOf(field) === index,
    );
    const columns = titles.map(
      (title) =>
        new ColumnValues(
          title,
          records.map((record) => record[title]),
          zone,
        ),
    );
    return { ...suggestMapping(view, columns), records: records.length };
  } finally {
    await file.close();
  }
}

async function sampleOf(
  records: AsyncGenerator<Buffer>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const sample: Readonly<Record<string, unknown>>[] = [];
  let bytes = 0;
  for await (const record of records) {
    bytes += record.length;
    const value = isTooComplex(record, 0, record.length) ? undefined : parsed(record);
    // What is no object goes to quarantine in an import, and has no columns.
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      sample.push(value as Readonly<Record<string, unknown>>);
    }
    if (sample.length >= SAMPLE_RECORDS || bytes >= SAMPLE_BYTES) break;
  }
  return sample;
}

/** Undefined for a record that is not JSON. */
function parsed(record: Buffer): unknown {
  try {
    return JSON.parse(record.toString("utf8"));
  } catch {
    return undefined;
  }
}
