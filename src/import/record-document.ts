import { isUtf8 } from "node:buffer";
import type { RecordMapping } from "./record-file.ts";
import type { RecordKey } from "./keys/record-key.ts";
import { isTooComplex } from "../views/values/complexity.ts";
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
  mapping: RecordMapping,
): AsyncGenerator<Buffer> {
  let piece: Buffer[] = [];
  let bytes = 0;
  let separator = LIST_BEGINS;
  for await (const record of records) {
    piece.push(separator, converted(record, mapping));
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
function converted(record: Buffer, { naming, key }: RecordMapping): Buffer {
  if (!isUtf8(record)) return record;
  const json = record.toString("utf8");
  const named = renameFields(json, (field) => naming(field)?.name ?? field);
  const result = key === undefined ? named : withKey(named, json, key);
  return result === json ? record : Buffer.from(result, "utf8");
}

/** Of a field that is there twice, the last value counts. What is not an object goes to quarantine. */
function withKey(named: string, json: string, key: RecordKey): string {
  if (!named.startsWith("{") || isTooComplex(Buffer.from(json), 0, Buffer.byteLength(json))) return named;
  const record = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const separator = Object.keys(record).length === 0 ? "" : ",";
  return `${named.slice(0, named.lastIndexOf("}"))}${separator}${JSON.stringify(key.field)}:${JSON.stringify(key.keyOf(record))}}`;
}
