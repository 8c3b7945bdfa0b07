import { NUMBER, STRING } from "../../json/record-fields.ts";
import { BadValue } from "../../views/values/bad-value.ts";
import { convertBoolean } from "../../views/values/boolean.ts";
import { convertInteger } from "../../views/values/integer.ts";
import { checkNumeric } from "../../views/values/numeric.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import { convertTimestamp } from "../../views/values/timestamp.ts";
import type { ValueType } from "../../views/view.ts";

/** So many of the values must be of a type, so that a few mistakes in a file do not hide it. */
const MOST = 0.9;

/** The values of one column in the first records of a file. */
export class ColumnValues {
  readonly name: string;
  /** The values of the records that have one, without empty texts. */
  readonly filled: readonly unknown[];
  /** The values as texts, without spaces around them. */
  readonly texts: readonly string[];
  readonly #records: number;
  readonly #zone: TimeZone;
  readonly #distinct: number;

  /**
   * @param values of each record; undefined or null where it has none
   * @param zone of times without a zone
   */
  constructor(name: string, values: readonly unknown[], zone: TimeZone) {
    this.name = name;
    this.filled = values.filter((value) => value !== undefined && value !== null && value !== "");
    this.texts = this.filled.map((value) =>
      typeof value === "string" ? value.trim() : JSON.stringify(value),
    );
    this.#records = values.length;
    this.#zone = zone;
    this.#distinct = new Set(this.texts).size;
  }

  get isEmpty(): boolean {
    return this.filled.length === 0;
  }

  /** Whether each record has a value. */
  get isFull(): boolean {
    return this.filled.length === this.#records;
  }

  /** Whether all records have the same value, so that it says nothing. */
  get isConstant(): boolean {
    return this.#distinct === 1 && this.filled.length > 1;
  }

  /** Whether each record has another value. */
  get isUnique(): boolean {
    return this.isFull && this.#distinct === this.filled.length && this.#distinct > 1;
  }

  /** The number of different values, and their share of all. */
  get distinct(): { readonly count: number; readonly share: number } {
    return { count: this.#distinct, share: this.#distinct / Math.max(this.filled.length, 1) };
  }

  /** The mean length of the values, in characters. */
  get length(): number {
    return this.texts.reduce((sum, text) => sum + text.length, 0) / Math.max(this.texts.length, 1);
  }

  /** Whether nearly all values match. An empty column does not. */
  mostly(matches: (text: string, value: unknown) => boolean): boolean {
    if (this.isEmpty) return false;
    const matching = this.texts.filter((text, index) => matches(text, this.filled[index])).length;
    return matching >= MOST * this.texts.length;
  }

  /** Whether an import would accept nearly all values in a column of the type. */
  isOf(type: ValueType): boolean {
    return this.mostly((_, value) => isAccepted(value, type, this.#zone));
  }

  /** One value, for messages. */
  get sample(): string {
    const text = this.texts[0] ?? "";
    return JSON.stringify(text.length > LONGEST_SAMPLE ? `${text.slice(0, LONGEST_SAMPLE)}…` : text);
  }
}

const LONGEST_SAMPLE = 40;

function isAccepted(value: unknown, type: ValueType, zone: TimeZone): boolean {
  if (type === "text") return typeof value !== "object";
  if (typeof value === "boolean") return type === "boolean";
  if (typeof value !== "string" && typeof value !== "number") return false;
  const kind = typeof value === "string" ? STRING : NUMBER;
  const bytes = Buffer.from(String(value));
  switch (type) {
    case "timestamp":
      // A workbook has dates as texts already.
      return kind === STRING && !(convertTimestamp(bytes, 0, bytes.length, zone) instanceof BadValue);
    case "integer":
      return !(convertInteger(kind, bytes, 0, bytes.length) instanceof BadValue);
    case "numeric":
      return !(checkNumeric(String(value)) instanceof BadValue);
    case "boolean":
      return !(convertBoolean(kind, bytes, 0, bytes.length) instanceof BadValue);
    default:
      return type satisfies never;
  }
}
