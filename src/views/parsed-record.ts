import {
  ABSENT,
  FALSE,
  NESTED,
  NULL,
  NUMBER,
  type RecordFields,
  STRING,
  TOO_DEEP,
  TRUE,
} from "../json/record-fields.ts";
import { exactNumberIn, withExactNumbers } from "./values/exact-number.ts";
import { isSearchable, isTooDeep } from "./values/nesting.ts";
import { storableText, type TextRepairs } from "./values/text.ts";
import type { Column } from "./view.ts";

/** A record of the API: the object that JSON.parse returned. */
export type SourceRecord = Readonly<Record<string, unknown>>;

/**
 * Stores a record that JSON.parse has read in the scanner's form, so that the same code converts both.
 *
 * @param json the record as it was sent, for the digits of numbers that become texts
 * @param repairs receives the changes that texts needed
 */
export function readParsedRecord(
  record: SourceRecord,
  json: string,
  columns: readonly Column[],
  fields: RecordFields,
  repairs: TextRepairs,
): void {
  fields.clear();
  // A record with a field that is too deep is rejected.
  const mayHaveExactDigits = isSearchable(record);
  columns.forEach(({ field, type }, index) => {
    const value = Object.hasOwn(record, field) ? record[field] : undefined;
    if (value === undefined) {
      fields.kinds[index] = ABSENT;
    } else if (value === null) {
      fields.kinds[index] = NULL;
    } else if (typeof value === "boolean") {
      fields.kinds[index] = value ? TRUE : FALSE;
    } else if (typeof value === "string") {
      fields.setText(index, STRING, type === "text" ? storableText(value, repairs) : value);
    } else if (typeof value === "number") {
      // A text keeps the number as it was sent. Other types use the number that JSON.parse returned.
      const asSent = type === "text" && mayHaveExactDigits;
      fields.setText(index, NUMBER, asSent ? exactNumberIn(json, field) : String(value));
    } else if (isTooDeep(value)) {
      fields.kinds[index] = TOO_DEEP;
    } else if (type === "text" && mayHaveExactDigits) {
      const exact = JSON.stringify(withExactNumbers(json)[field]);
      fields.setText(index, NESTED, storableText(exact, repairs));
    } else {
      fields.kinds[index] = NESTED;
    }
  });
}
