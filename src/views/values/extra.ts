import type { Column } from "../view.ts";
import type { BadValue } from "./bad-value.ts";
import { isExactNumber, withExactNumbers } from "./exact-number.ts";
import { isTooDeep, NESTED_TOO_DEEP } from "./nesting.ts";
import { storableText, type TextRepairs } from "./text.ts";

/** The limit keeps a document with a new field name in each record from filling the memory. */
const MAX_COUNTED_FIELDS = 1000;

/** In characters: a thousand longer names could fill the memory as well. */
const LONGEST_COUNTED_NAME = 200;

/** A field that cannot be stored, and why. */
export interface BadField {
  readonly field: string;
  readonly bad: BadValue;
}

/** Collects the fields that a view does not define into one JSON object, the `extra` column. */
export class ExtraFields {
  readonly #counts = new Map<string, number>();
  #known: ReadonlySet<string> | undefined;

  /** How many records had each unknown field. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts the record's unknown fields, and returns their names unchanged. */
  notice(record: Readonly<Record<string, unknown>>, columns: readonly Column[]): readonly string[] {
    const known = (this.#known ??= new Set(columns.map(({ field }) => field)));
    const names = Object.keys(record).filter((name) => !known.has(name));
    for (const name of names) this.#count(countedName(name));
    return names;
  }

  /**
   * The JSON object of a record's unknown fields, in a form that `jsonb` can store; null when there are none.
   *
   * @param names the names that `notice` returned for the record
   */
  collect(
    names: readonly string[],
    record: Readonly<Record<string, unknown>>,
    json: string,
    repairs: TextRepairs,
  ): string | BadField | null {
    if (names.length === 0) return null;
    const tooDeep = names.find((name) => isTooDeep(record[name]));
    if (tooDeep !== undefined) return { field: tooDeep, bad: NESTED_TOO_DEEP };

    const holdsNumbers = names.some(
      (name) => typeof record[name] === "number" || typeof record[name] === "object",
    );
    const values = holdsNumbers ? withExactNumbers(json) : record;
    // An assignment would fail for a field with the name __proto__.
    const extra = Object.fromEntries(names.map((name) => [name, values[name]]));
    const text = JSON.stringify(extra);
    return mayHoldUnstorable(text) ? JSON.stringify(storable(extra, repairs)) : text;
  }

  #count(name: string): void {
    const count = this.#counts.get(name);
    if (count !== undefined || this.#counts.size < MAX_COUNTED_FIELDS)
      this.#counts.set(name, (count ?? 0) + 1);
  }
}

/**
 * The name as the column stores it, cut if it is very long, for the run's record. Its repairs are counted when the column is
 * built.
 */
function countedName(name: string): string {
  const stored = storableText(name.slice(0, LONGEST_COUNTED_NAME), { nulsRemoved: 0, surrogatesReplaced: 0 });
  // A part of a string keeps all of it in memory; a string made of bytes does not.
  return name.length > LONGEST_COUNTED_NAME ? Buffer.from(`${stored}…`).toString() : stored;
}

/** JSON.stringify escapes exactly the characters that jsonb rejects. An escaped backslash before one only costs time. */
function mayHoldUnstorable(json: string): boolean {
  return /\\u(?:0000|d[89a-f])/.test(json);
}

function storable(value: unknown, repairs: TextRepairs): unknown {
  if (typeof value === "string") return storableText(value, repairs);
  if (Array.isArray(value)) return value.map((item) => storable(item, repairs));
  if (typeof value !== "object" || value === null || isExactNumber(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [storableText(name, repairs), storable(item, repairs)]),
  );
}
