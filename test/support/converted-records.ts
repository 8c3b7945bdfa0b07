import { expect } from "vitest";
import { CopyBinaryWriter } from "../../src/database/copy/copy-binary.ts";
import { MAX_SCANNED_BYTES, NOT_SCANNED, RecordScanner } from "../../src/json/record-scanner.ts";
import type { SourceRecord } from "../../src/views/parsed-record.ts";
import {
  describeProblem,
  type Problem,
  RecordConverter,
  type RejectedFields,
  type Rejection,
  type SchemaDrift,
} from "../../src/views/record-converter.ts";
import type { TextRepairs } from "../../src/views/values/text.ts";
import type { TimeZone } from "../../src/views/values/time-zone.ts";
import { defineView, integer, type ValueType, type View } from "../../src/views/view.ts";
import { readCopyRows } from "./copy-rows.ts";

const UTC: TimeZone = { name: "UTC", offsetSeconds: () => 0 };

/**
 * Converts records in both ways there are, scanned in the bytes and read by JSON.parse, and checks that they agree, so
 * that what a test says of a record holds for either.
 */
export class ConvertedRecords {
  readonly #view: View;
  readonly #rows: CopyBinaryWriter;
  readonly #parsing: RecordConverter;
  readonly #scanning: RecordConverter;
  readonly #scanner: RecordScanner;

  constructor(view: View, timeZone: TimeZone = UTC) {
    this.#view = view;
    this.#rows = new CopyBinaryWriter(view.columns.length + 1);
    this.#parsing = new RecordConverter(view, timeZone);
    this.#scanning = new RecordConverter(view, timeZone);
    this.#scanner = new RecordScanner(this.#scanning.fields);
  }

  get drift(): SchemaDrift {
    return this.#parsing.drift;
  }

  get rejectedFields(): RejectedFields {
    return this.#parsing.rejectedFields;
  }

  get repairs(): Readonly<TextRepairs> {
    return this.#parsing.repairs;
  }

  /** The record's row as PostgreSQL will read it (see `readCopyRows`), `extra` last, or why there is none. */
  convert(json: string): readonly (string | null)[] | Rejection {
    const record = JSON.parse(json) as SourceRecord;
    const parsed = this.#rowOf(record, json, (rows) => this.#parsing.convertParsed(record, json, rows));
    const bytes = Buffer.from(json);
    const end = this.#scanner.scan(bytes, 0, bytes.length);
    const isScanned = bytes.length <= MAX_SCANNED_BYTES && this.#isUsual(record);
    expect(end, "the end of the scanned record").toBe(isScanned ? bytes.length : NOT_SCANNED);
    if (end !== NOT_SCANNED) {
      expect(this.#rowOf(record, json, (rows) => this.#scanning.convertFields(rows))).toEqual(parsed);
    }
    return parsed;
  }

  #rowOf(
    record: SourceRecord,
    json: string,
    convert: (rows: CopyBinaryWriter) => Problem | undefined,
  ): readonly (string | null)[] | Rejection {
    this.#rows.beginRow();
    const problem = convert(this.#rows);
    if (problem !== undefined) return describeProblem(problem, record, json);
    this.#rows.endRow();
    const types = this.#view.columns.map(({ type }) => type);
    return readCopyRows(this.#rows.take(), [...types, "json"])[0]!;
  }

  /** Whether it is what the scanner is made for: fields of the view only, flat, with texts that can be stored. */
  #isUsual(record: SourceRecord): boolean {
    const known = new Set(this.#view.columns.map(({ field }) => field));
    return Object.entries(record).every(
      ([name, value]) =>
        known.has(name) &&
        (typeof value !== "object" || value === null) &&
        (typeof value !== "string" || (value.isWellFormed() && !value.includes("\0"))),
    );
  }
}

/** Converts single values as a column of one type would, that is no key. */
export class ConvertedValues {
  readonly #records: ConvertedRecords;

  constructor(type: ValueType, timeZone?: TimeZone) {
    const value = { field: "value", name: "value", type, insertOnly: false, versionColumn: false };
    const columns = [integer("id", { key: "required" }), value];
    this.#records = new ConvertedRecords(defineView({ name: "values", order: 1, columns }), timeZone);
  }

  get repairs(): Readonly<TextRepairs> {
    return this.#records.repairs;
  }

  /** The value as PostgreSQL will read it, or why it cannot be one; undefined is a field that is absent. */
  convert(value: unknown): string | null | Rejection {
    return this.convertJson(JSON.stringify(value));
  }

  /** The same of a value that is given as JSON, for what JavaScript would write differently. */
  convertJson(json: string | undefined): string | null | Rejection {
    const converted = this.#records.convert(json === undefined ? '{"id":1}' : `{"id":1,"value":${json}}`);
    return "reason" in converted ? converted : converted[1]!;
  }
}
