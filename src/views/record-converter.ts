import { BadValue, type Converted } from "./values/bad-value.ts";
import { convertBoolean } from "./values/boolean.ts";
import { ExtraFields } from "./values/extra.ts";
import { convertInteger } from "./values/integer.ts";
import { convertNumeric } from "./values/numeric.ts";
import { isTooDeep } from "./values/nesting.ts";
import { convertText, storableText, type TextRepairs } from "./values/text.ts";
import { convertTimestamp } from "./values/timestamp.ts";
import type { TimeZone } from "./values/time-zone.ts";
import { exactNumberIn, withExactNumbers } from "./values/exact-number.ts";
import { type Column, keyColumns, type View } from "./view.ts";

/** A record of the API: JSON.parse's own object. */
export type SourceRecord = Readonly<Record<string, unknown>>;

/** Why a record cannot become a row. */
export interface Rejection {
  /** Reason code, for example `invalid_timestamp`, `missing_key`, `not_an_object`. */
  readonly reason: string;
  /** The API's name of the field, when one field is to blame. */
  readonly field?: string;
  /** Names the field and the value and says what would be accepted. */
  readonly message: string;
}

/** How the document's fields differ from the view's definition. */
export interface SchemaDrift {
  /** Fields the view does not define and how many records carry each; they are kept in `extra`. */
  readonly unknownFields: ReadonlyMap<string, number>;
  /** Fields of the view that no record carries. */
  readonly absentFields: readonly string[];
}

const LONGEST_QUOTED_VALUE = 80;

/** Turns the records of one document into rows of its view, and remembers what it saw on the way. */
export class RecordConverter {
  readonly #view: View;
  readonly #timeZone: TimeZone;
  readonly #repairs: TextRepairs = { nulsRemoved: 0, surrogatesReplaced: 0 };
  readonly #seen: boolean[];
  readonly #extra = new ExtraFields();

  constructor(view: View, timeZone: TimeZone) {
    this.#view = view;
    this.#timeZone = timeZone;
    this.#seen = view.columns.map(() => false);
  }

  get repairs(): Readonly<TextRepairs> {
    return this.#repairs;
  }

  get drift(): SchemaDrift {
    return {
      unknownFields: this.#extra.counts,
      absentFields: this.#view.columns
        .filter((_, index) => this.#seen[index] === false)
        .map((column) => column.field),
    };
  }

  /**
   * Converts one record.
   *
   * @param json the record as it came, for the digits of numbers that JSON.parse rounds
   * @param row receives a text for PostgreSQL (or null) for every column of the view and, last, `extra`;
   *   the caller's to reuse from record to record
   * @returns the reason when the record belongs in quarantine; `row` is then meaningless
   */
  convert(record: SourceRecord, json: string, row: (string | null)[]): Rejection | undefined {
    const { columns } = this.#view;
    let known = 0;
    for (let index = 0; index < columns.length; index += 1) {
      const column = columns[index] as Column;
      const value = record[column.field];
      if (value !== undefined) {
        known += 1;
        this.#seen[index] = true;
      }
      const converted = this.#convertValue(column, value, record, json);
      if (converted instanceof BadValue) return rejectedValue(column.field, value, converted);
      if (converted === null && column.key === "required") return missingKey(column, value);
      row[index] = converted;
    }
    if (Object.keys(record).length === known) {
      row[columns.length] = null;
      return undefined;
    }
    const extra = this.#extra.collect(record, json, columns, this.#repairs);
    if (typeof extra === "object" && extra !== null)
      return rejectedValue(extra.field, record[extra.field], extra.bad);
    row[columns.length] = extra;
    return undefined;
  }

  #convertValue(column: Column, value: unknown, record: SourceRecord, json: string): Converted {
    switch (column.type) {
      case "text":
        // In a key an empty text is no value; elsewhere it is kept as it is.
        if (value === "" && column.key !== undefined) return null;
        if (mayBeRounded(value) && !isAnyTooDeep(record)) {
          return storableText(exactText(column.field, value, json), this.#repairs);
        }
        return convertText(value, this.#repairs);
      case "timestamp":
        return convertTimestamp(value, this.#timeZone);
      case "integer":
        return convertInteger(value);
      case "numeric":
        return convertNumeric(value);
      case "boolean":
        return convertBoolean(value);
      default:
        return column.type satisfies never;
    }
  }
}

/** The record's key as a person would write it, for the quarantine: `TKT-Ticket ID=91906`. */
export function describeKey(view: View, record: SourceRecord): string {
  return keyColumns(view)
    .map((column) => `${column.field}=${quoted(record[column.field])}`)
    .join(", ");
}

function rejectedValue(field: string, value: unknown, bad: BadValue): Rejection {
  return {
    reason: bad.reason,
    field,
    message: `${field} is ${quoted(value)}: ${bad.explanation}.`,
  };
}

function missingKey(column: Column, value: unknown): Rejection {
  return {
    reason: "missing_key",
    field: column.field,
    message: `${column.field} is ${value === undefined ? "absent" : quoted(value)}, but it is part of the key.`,
  };
}

/** Whether JSON.parse may have lost digits of a number in it. */
function mayBeRounded(value: unknown): boolean {
  return typeof value === "number"
    ? !Number.isSafeInteger(value)
    : typeof value === "object" && value !== null;
}

/** A record with such a field is rejected because of it; looking for exact digits in it could overflow the stack. */
function isAnyTooDeep(record: SourceRecord): boolean {
  return Object.values(record).some((value) => isTooDeep(value));
}

/** The JSON of a number, list or object in the record, its numbers as they were sent. */
function exactText(field: string, value: unknown, json: string): string {
  return typeof value === "number"
    ? exactNumberIn(json, field)
    : JSON.stringify(withExactNumbers(json)[field]);
}

/** A value in a message: JSON, so that no control character gets out, and short. */
function quoted(value: unknown): string {
  if (value === undefined) return "absent";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  // JSON would call a number that overflowed "null".
  if (typeof value === "number") return String(value);
  const json = JSON.stringify(typeof value === "string" ? value.slice(0, LONGEST_QUOTED_VALUE + 1) : value);
  return json.length > LONGEST_QUOTED_VALUE ? `${json.slice(0, LONGEST_QUOTED_VALUE)}…` : json;
}
