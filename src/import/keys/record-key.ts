import { createHash } from "node:crypto";
import { OtcError } from "../../errors/otc-error.ts";
import { SourceError } from "../../errors/source-error.ts";
import { hasNumericKey, keyColumns, type View } from "../../views/view.ts";
import { NumberedTexts } from "./numbered-texts.ts";

/** How the records of a file without numeric ids get a key. */
export type KeyRule =
  /** The number in the column that is the key: INC0010001 is 10001. */
  | { readonly kind: "digits" }
  /** A number made of the values of these columns, or of the whole record if none is named. */
  | { readonly kind: "generated"; readonly columns: readonly string[] };

/** Gives each record of a file its key. */
export interface RecordKey {
  /** The field of the view that gets it. */
  readonly field: string;
  /**
   * @param record the values by the names in the file
   * @returns the key, or a value that is no key and sends the record to quarantine
   * @throws SourceError `document` when two records that differ would get one key
   */
  keyOf(record: Readonly<Record<string, unknown>>): unknown;
}

/** The field of the view's key, for which numbers can be made. @throws OtcError `usage` */
export function numericKeyField(view: View): string {
  const [column] = keyColumns(view);
  if (column !== undefined && hasNumericKey(view)) return column.field;
  throw new OtcError("usage", `The key of ${view.name} is not a number, so none can be made for it.`, {
    remedy: "Omit --key-from-digits and --generate-key, and name the columns of the key with --map.",
  });
}

/** @param column the column of the file that is mapped to the key */
export function keyFromDigits(field: string, column: string): RecordKey {
  const texts = new NumberedTexts(column);
  return { field, keyOf: (record) => texts.numberOf(record[column]) };
}

/** @param columns as the file spells them */
export function generatedKey(field: string, columns: readonly string[]): RecordKey {
  /** For each key, a hash of the record that has it. */
  const seen = new Map<number, number>();
  let position = 0;
  return {
    field,
    keyOf: (record) => {
      position += 1;
      const whole = digestOf(record, Object.keys(record));
      const key = -1 - firstBits(columns.length === 0 ? whole : digestOf(record, columns));
      const content = whole.readUInt32BE(8);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, content);
      else if (before !== content) throw collision(position, columns, record);
      return key;
    },
  };
}

/** Independent of the order of the columns, and of whether a file stores a number as a number or as a text. */
function digestOf(record: Readonly<Record<string, unknown>>, columns: readonly string[]): Buffer {
  const values = columns
    .toSorted()
    .map((column) => [column, record[column] ?? null] as const)
    .filter(([, value]) => value !== null)
    .map(([column, value]) => [column, typeof value === "string" ? value : JSON.stringify(value)]);
  return createHash("sha256").update(JSON.stringify(values)).digest();
}

/** 52 bits, which every language reads exactly. */
function firstBits(digest: Buffer): number {
  return digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) & 15);
}

function collision(
  position: number,
  columns: readonly string[],
  record: Readonly<Record<string, unknown>>,
): SourceError {
  const values = columns.map((column) => `${column}=${JSON.stringify(record[column] ?? null)}`);
  return new SourceError(
    "document",
    `Record ${position} of the file would get the key of an earlier record that differs from it` +
      `${values.length === 0 ? "" : ` (${values.join(", ").slice(0, 300)})`}. Nothing was loaded.`,
    { remedy: "Name more columns with --key-column, so that together they identify a record." },
  );
}
