import { isUtf8 } from "node:buffer";
import type { FieldNaming } from "./record-file.ts";
import { renameFields } from "./rename-fields.ts";
import { resumed } from "../source/resumed.ts";

/** The names of a file's fields are looked for in this many records, or this many bytes of them. */
const SAMPLE_RECORDS = 1000;
const SAMPLE_BYTES = 4 * 1024 * 1024;

/** The document is handed on in pieces of about this many bytes. */
const PIECE_BYTES = 64 * 1024;

const LIST_BEGINS = Buffer.from("[");
const BETWEEN_RECORDS = Buffer.from(",\n");
const LIST_ENDS = Buffer.from("]");

/** Records of which the first have been read. */
interface SampledRecords {
  /** The names of their fields, in the order in which they came. */
  readonly fields: readonly string[];
  /** All records, those of the sample included. */
  readonly records: AsyncGenerator<Buffer>;
}

/** Reads the first records for the names of their fields. */
export async function sampleRecords(records: AsyncGenerator<Buffer>): Promise<SampledRecords> {
  const sample: Buffer[] = [];
  const fields = new Set<string>();
  for (let bytes = 0; sample.length < SAMPLE_RECORDS && bytes < SAMPLE_BYTES;) {
    const next = await records.next();
    if (next.done === true) break;
    sample.push(next.value);
    bytes += next.value.length;
    renameFields(next.value.toString("utf8"), (field) => {
      fields.add(field);
      return field;
    });
  }
  return { fields: [...fields], records: resumed(sample, records) };
}

/** The records as a JSON list, their fields called as the document calls them. */
export async function* recordDocument(
  records: AsyncGenerator<Buffer>,
  naming: FieldNaming,
): AsyncGenerator<Buffer> {
  let piece: Buffer[] = [];
  let bytes = 0;
  let separator = LIST_BEGINS;
  for await (const record of records) {
    piece.push(separator, renamed(record, naming));
    bytes += record.length;
    separator = BETWEEN_RECORDS;
    if (bytes >= PIECE_BYTES) {
      yield Buffer.concat(piece);
      piece = [];
      bytes = 0;
    }
  }
  if (separator === LIST_BEGINS) piece.push(LIST_BEGINS);
  yield Buffer.concat([...piece, LIST_ENDS]);
}

/** What is not UTF-8 is left as it is: its record goes to quarantine. */
function renamed(record: Buffer, naming: FieldNaming): Buffer {
  if (!isUtf8(record)) return record;
  const json = record.toString("utf8");
  const result = renameFields(json, (field) => naming(field)?.name ?? field);
  return result === json ? record : Buffer.from(result, "utf8");
}
