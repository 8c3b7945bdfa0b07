import type { RejectReason } from "./reject-reasons.ts";
import {
  ABSENT,
  FALSE,
  NESTED,
  NULL,
  RecordFields,
  STRING,
  type ScalarKind,
  TOO_DEEP,
  TRUE,
} from "../json/record-fields.ts";
import { readParsedRecord, type SourceRecord } from "./parsed-record.ts";
import { BadValue } from "./values/bad-value.ts";
import { exactNumberIn } from "./values/exact-number.ts";
import { convertBoolean, NOT_A_BOOLEAN } from "./values/boolean.ts";
import { ExtraFields } from "./values/extra.ts";
import { convertInteger, NOT_AN_INTEGER } from "./values/integer.ts";
import { isSearchable, NESTED_TOO_DEEP } from "./values/nesting.ts";
import { convertNumeric, NOT_A_NUMBER } from "./values/numeric.ts";
import type { TextRepairs } from "./values/text.ts";
import { respelledTime } from "./values/time-of-day.ts";
import { convertTimestamp, NOT_A_TIMESTAMP } from "./values/timestamp.ts";
import type { TimeZone } from "./values/time-zone.ts";
import { type Column, keyColumns, type ValueType, type View } from "./view.ts";

/** Receives the converted values of a row for COPY, one call per column, in the view's order. */
interface RowSink {
  writeNull(): void;
  /** UTF-8 without U+0000. */
  writeTextBytes(bytes: Buffer, start: number, end: number): void;
  writeInteger(value: number | bigint): void;
  /** Microseconds since 2000-01-01 UTC. */
  writeTimestamp(microseconds: number | bigint): void;
  /** Digits with a decimal point and an exponent, if any. */
  writeNumeric(text: string): void;
  writeBoolean(value: boolean): void;
  /** JSON that PostgreSQL's jsonb can store. */
  writeJson(text: string): void;
}

/** Why a record cannot become a row. `describeProblem` turns it into a message. */
export interface Problem {
  readonly field: string;
  /** Absent when the field is part of the key and has no value. */
  readonly bad?: BadValue;
}

/** Why a record cannot become a row, with a message. */
export interface Rejection {
  /** Reason code, for example `invalid_timestamp`, `missing_key`, `not_an_object`. */
  readonly reason: RejectReason;
  /** The API's name of the field, when one field is the cause. */
  readonly field?: string;
  /** Names the field and the value, and what would be accepted. */
  readonly message: string;
}

/** How the document's fields differ from the view's definition. All its records count, including rejected ones. */
export interface SchemaDrift {
  /** Records whose fields are known: those that are JSON objects in valid UTF-8. */
  readonly records: number;
  /** Fields that the view does not define, and how many records have each. Rows store them in `extra`. */
  readonly unknownFields: ReadonlyMap<string, number>;
  /** Fields of the view that no record has. */
  readonly absentFields: readonly string[];
}

/** Which of the view's fields have values in the rejected records. */
export interface RejectedFields {
  /** Rejected records whose fields are known. */
  readonly records: number;
  /** How many of them have a value, other than an empty text, in each field of the view. */
  readonly filled: ReadonlyMap<string, number>;
}

const LONGEST_QUOTED_VALUE = 80;

/** The error for a JSON value of a kind that a column's type does not accept. */
const WRONG_KIND: Readonly<Record<Exclude<ValueType, "text">, BadValue>> = {
  integer: NOT_AN_INTEGER,
  numeric: NOT_A_NUMBER,
  boolean: NOT_A_BOOLEAN,
  timestamp: NOT_A_TIMESTAMP,
};

const NO_DISTRIBUTION_VALUE = new BadValue(
  "no_distribution_value",
  "the rows of the table are distributed over servers by it, so that each has to have a value",
);

/** Converts the records of one document into rows of its view. It collects the repairs and the schema drift. */
export class RecordConverter {
  /** The record to convert. The scanner fills it for `convertFields`; `convertParsed` fills it itself. */
  readonly fields: RecordFields;
  readonly #view: View;
  readonly #timeZone: TimeZone;
  readonly #repairs: TextRepairs = { nulsRemoved: 0, surrogatesReplaced: 0 };
  #records = 0;
  #rejectedRecords = 0;
  /** How many rejected records have a value in each column, by the column's index in the view. */
  readonly #rejectedFilled: Uint32Array;
  readonly #seen: Uint8Array;
  /** 1 for a column that accepts every text unchanged. */
  readonly #plain: Uint8Array;
  readonly #extra = new ExtraFields();

  constructor(view: View, timeZone: TimeZone) {
    this.#view = view;
    this.#timeZone = timeZone;
    this.#seen = new Uint8Array(view.columns.length);
    this.#rejectedFilled = new Uint32Array(view.columns.length);
    this.#plain = Uint8Array.from(view.columns, ({ type, key, isTimeOfDay }) =>
      type === "text" && key === undefined && isTimeOfDay !== true ? 1 : 0,
    );
    this.fields = new RecordFields(view.columns.map((column) => column.field));
  }

  get repairs(): Readonly<TextRepairs> {
    return this.#repairs;
  }

  get drift(): SchemaDrift {
    return {
      records: this.#records,
      unknownFields: this.#extra.counts,
      absentFields: this.fields.names.filter((_, index) => this.#seen[index] === 0),
    };
  }

  get rejectedFields(): RejectedFields {
    const filled = this.fields.names.map(
      (field, index) => [field, this.#rejectedFilled[index] ?? 0] as const,
    );
    return { records: this.#rejectedRecords, filled: new Map(filled) };
  }

  /**
   * Converts the record in `fields`. All its fields are fields of the view.
   *
   * @param sink receives a value for every column of the view and, last, `extra`
   * @returns the problem, if the record belongs in quarantine; the values written to the sink are invalid then
   */
  convertFields(sink: RowSink): Problem | undefined {
    const problem = this.#convertColumns(sink);
    if (problem === undefined) sink.writeNull();
    else this.#noteRejected();
    return problem;
  }

  /**
   * Converts a record of any shape.
   *
   * @param json the record as it was sent, for the digits of numbers that JSON.parse rounds
   */
  convertParsed(record: SourceRecord, json: string, sink: RowSink): Problem | undefined {
    const { columns } = this.#view;
    const repairs: TextRepairs = { nulsRemoved: 0, surrogatesReplaced: 0 };
    readParsedRecord(record, json, columns, this.fields, repairs);
    const problem = this.#convertColumns(sink);
    const unknown = this.#extra.notice(record, columns);
    const extra = problem ?? this.#extra.collect(unknown, record, json, repairs);
    if (extra !== null && typeof extra !== "string") {
      this.#noteRejected();
      return extra;
    }
    if (extra === null) sink.writeNull();
    else sink.writeJson(extra);
    this.#repairs.nulsRemoved += repairs.nulsRemoved;
    this.#repairs.surrogatesReplaced += repairs.surrogatesReplaced;
    return undefined;
  }

  /** Counts all fields of a rejected record, because the conversion stopped at the first problem. */
  #noteRejected(): void {
    const { kinds, starts, ends } = this.fields;
    this.#rejectedRecords += 1;
    for (let index = 0; index < kinds.length; index += 1) {
      const kind = kinds[index] as number;
      if (kind === ABSENT) continue;
      this.#seen[index] = 1;
      const isEmpty = kind === NULL || (kind === STRING && starts[index] === ends[index]);
      if (!isEmpty) this.#rejectedFilled[index] = (this.#rejectedFilled[index] as number) + 1;
    }
  }

  #convertColumns(sink: RowSink): Problem | undefined {
    this.#records += 1;
    const { columns } = this.#view;
    const { kinds, sources, starts, ends } = this.fields;
    for (let index = 0; index < kinds.length; index += 1) {
      const kind = kinds[index] as number;
      if (kind !== ABSENT) this.#seen[index] = 1;
      // This path comes first because most values are texts in text columns.
      if (kind === STRING && this.#plain[index] === 1) {
        sink.writeTextBytes(sources[index] as Buffer, starts[index] as number, ends[index] as number);
        continue;
      }
      const column = columns[index] as Column;
      if (kind === ABSENT || kind === NULL || this.#isNoValue(index, kind)) {
        if (column.key === "required") return { field: column.field };
        if (column.isDistributed === true) return { field: column.field, bad: NO_DISTRIBUTION_VALUE };
        sink.writeNull();
        continue;
      }
      const bad =
        column.type === "text"
          ? this.#writeText(column, index, kind, sink)
          : this.#writeScalar(column.type, index, kind, sink);
      if (bad !== undefined) return { field: column.field, bad };
    }
    return undefined;
  }

  /** Whether the value is an empty text in a key or in a column of another type, where it counts as null. */
  #isNoValue(index: number, kind: number): boolean {
    if (kind !== STRING || this.#plain[index] === 1) return false;
    return this.fields.starts[index] === this.fields.ends[index];
  }

  /** Writes the value as a text. A number, list or object becomes its JSON. */
  #writeText(column: Column, index: number, kind: number, sink: RowSink): BadValue | undefined {
    if (kind === TOO_DEEP) return NESTED_TOO_DEEP;
    const { fields } = this;
    if (column.isTimeOfDay === true && kind === STRING) this.#respellTime(index);
    if (kind === TRUE || kind === FALSE) fields.setText(index, STRING, kind === TRUE ? "true" : "false");
    sink.writeTextBytes(
      fields.sources[index] as Buffer,
      fields.starts[index] as number,
      fields.ends[index] as number,
    );
    return undefined;
  }

  /** Replaces another spelling of a time of day, so that it is the same key. */
  #respellTime(index: number): void {
    const { sources, starts, ends } = this.fields;
    const spelled = respelledTime(sources[index] as Buffer, starts[index] as number, ends[index] as number);
    if (spelled !== undefined) this.fields.setText(index, STRING, spelled);
  }

  #writeScalar(
    type: Exclude<ValueType, "text">,
    index: number,
    kind: number,
    sink: RowSink,
  ): BadValue | undefined {
    if (kind === TRUE || kind === FALSE) {
      if (type !== "boolean") return WRONG_KIND[type];
      sink.writeBoolean(kind === TRUE);
      return undefined;
    }
    if (kind === NESTED || kind === TOO_DEEP) return WRONG_KIND[type];
    const { fields } = this;
    const bytes = fields.sources[index] as Buffer;
    const start = fields.starts[index] as number;
    const end = fields.ends[index] as number;
    switch (type) {
      case "timestamp": {
        const instant =
          kind === STRING ? convertTimestamp(bytes, start, end, this.#timeZone) : NOT_A_TIMESTAMP;
        if (instant instanceof BadValue) return instant;
        sink.writeTimestamp(instant);
        return undefined;
      }
      case "integer": {
        const integer = convertInteger(kind as ScalarKind, bytes, start, end);
        if (integer instanceof BadValue) return integer;
        sink.writeInteger(integer);
        return undefined;
      }
      case "numeric": {
        const digits = convertNumeric(kind as ScalarKind, bytes, start, end);
        if (digits instanceof BadValue) return digits;
        sink.writeNumeric(digits);
        return undefined;
      }
      case "boolean": {
        const value = convertBoolean(kind as ScalarKind, bytes, start, end);
        if (value instanceof BadValue) return value;
        sink.writeBoolean(value);
        return undefined;
      }
      default:
        return type satisfies never;
    }
  }
}

/**
 * The problem with a message for the quarantine.
 *
 * @param json the record as it was sent
 */
export function describeProblem({ field, bad }: Problem, record: SourceRecord, json: string): Rejection {
  const value = quoted(record, field, json);
  return bad === undefined
    ? { reason: "missing_key", field, message: `${field} is ${value}, but it is part of the key.` }
    : { reason: bad.reason, field, message: `${field} is ${value}: ${bad.explanation}.` };
}

/**
 * The record's key in readable form, for the quarantine: `TKT-Ticket ID=91906`.
 *
 * @param json the record as it was sent
 */
export function describeKey(view: View, record: SourceRecord, json: string): string {
  return keyColumns(view)
    .map(({ field }) => `${field}=${quoted(record, field, json)}`)
    .join(", ");
}

/** The value of a field in a message, as shortened JSON, which contains no control characters. */
function quoted(record: SourceRecord, field: string, json: string): string {
  const value = record[field];
  if (value === undefined) return "absent";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  if (typeof value === "number") {
    // JSON.parse has rounded these. To parse again is slow, and millions of records may be rejected.
    const isRounded = !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
    return shortened(isRounded && isSearchable(record) ? exactNumberIn(json, field) : String(value));
  }
  return shortened(
    JSON.stringify(typeof value === "string" ? value.slice(0, LONGEST_QUOTED_VALUE + 1) : value),
  );
}

function shortened(text: string): string {
  return text.length > LONGEST_QUOTED_VALUE ? `${text.slice(0, LONGEST_QUOTED_VALUE)}…` : text;
}
