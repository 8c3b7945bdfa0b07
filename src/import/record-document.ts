import { isUtf8 } from "node:buffer";
import type { FieldNaming } from "./record-file.ts";
import { renameFields } from "./rename-fields.ts";
import { resumed } from "../source/resumed.ts";

/** The names of a file's fields are taken from the first records: this many of them, or this many bytes. */
const SAMPLE_RECORDS = 1000;
const SAMPLE_BYTES = 4 * 1024 * 1024;

/** The document is yielded in pieces of about this many bytes. */
const PIECE_BYTES = 64 * 1024;

const LIST_BEGINS = Buffer.from("[");
const BETWEEN_RECORDS = Buffer.from(",\n");
const LIST_ENDS = Buffer.from("]");

/** Records, the first of which have been read already. */
interface SampledRecords {
  /** The names of the fields of the first records, in order of appearance. */
  readonly fields: readonly string[];
  /** All records, those of the sample included. */
  readonly records: AsyncGenerator<Buffer>;
}

/** Reads the first records to get the names of their fields. */
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

/** The records as a JSON list, with the document's names of the fields. */
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

/** A record that is not UTF-8 stays unchanged, and goes to quarantine. */
function renamed(record: Buffer, naming: FieldNaming): Buffer {
  if (!isUtf8(record)) return record;
  const json = record.toString("utf8");
  const result = renameFields(json, (field) => naming(field)?.name ?? field);
  return result === json ? record : Buffer.from(result, "utf8");
}
