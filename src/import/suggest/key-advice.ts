import { SourceError } from "../../errors/source-error.ts";
import { hasNumericKey, keyColumns, type Column, type View } from "../../views/view.ts";
import { NumberedTexts } from "../keys/numbered-texts.ts";
import type { ColumnValues } from "./column-values.ts";

/** What gives the records of a file their key. */
export type KeyAdvice =
  /** The file has it. */
  | { readonly kind: "own" }
  /** `--key-from-digits`, because the key column has texts such as INC0010001. */
  | { readonly kind: "digits"; readonly reason: string }
  /** `--generate-key`, with a column that identifies a record, if there is one. */
  | { readonly kind: "generated"; readonly column: string | undefined; readonly reason: string }
  /** The file lacks a part of the key, and no option makes one. */
  | { readonly kind: "missing"; readonly fields: readonly string[] };

/** An id is short; a longer text that no other record has may change. */
const LONGEST_ID = 40;

/** Whether nearly all values have one number, as INC0010001 has. */
export function oneNumberEach(values: ColumnValues): boolean {
  return values.mostly((text) => /^\D*\d+\D*$/.test(text));
}

/** Whether each record has another value in it, which is short and one word, and no time. */
function looksLikeId(values: ColumnValues): boolean {
  return (
    values.isUnique &&
    !values.isOf("timestamp") &&
    values.mostly((text) => text.length <= LONGEST_ID && !/\s/.test(text))
  );
}

/** @param taken the columns that were chosen for the fields */
export function keyAdvice(
  view: View,
  columns: readonly ColumnValues[],
  taken: ReadonlyMap<Column, { readonly column: string }>,
): KeyAdvice {
  const missing = keyColumns(view).filter((column) => !taken.has(column));
  const [key] = keyColumns(view);
  if (!hasNumericKey(view) || key === undefined) {
    return missing.length === 0
      ? { kind: "own" }
      : { kind: "missing", fields: missing.map(({ field }) => field) };
  }
  const own = columns.find(({ name }) => name === taken.get(key)?.column);
  if (own?.isOf("integer") === true) return { kind: "own" };
  if (own !== undefined && oneNumberEach(own)) {
    const problem = collisionIn(own);
    if (problem === undefined)
      return { kind: "digits", reason: `${own.name} has values such as ${own.sample}` };
    return { kind: "generated", column: own.isUnique ? own.name : undefined, reason: problem };
  }
  const fields = new Set(Array.from(taken.values(), ({ column }) => column));
  // What is a title or a time may be the same in two records of the rest of the file, or change.
  const id = columns.find((column) => !fields.has(column.name) && looksLikeId(column));
  return {
    kind: "generated",
    column: id?.name,
    reason:
      id === undefined
        ? "no column looks like an id"
        : `each record has another value in ${id.name}, such as ${id.sample}`,
  };
}

/** Why the numbers in the texts are no keys; undefined when they are. */
function collisionIn(values: ColumnValues): string | undefined {
  const texts = new NumberedTexts(values.name);
  try {
    for (const text of values.texts) texts.numberOf(text);
    return undefined;
  } catch (error) {
    if (error instanceof SourceError)
      return error.message.replace(" Nothing was loaded.", "").replace(/\.$/, "");
    throw error;
  }
}
