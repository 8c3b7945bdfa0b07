import { hasNumericKey, keyColumns, type Column, type View, type ValueType } from "../../views/view.ts";
import { foldedName } from "../mapping/match-fields.ts";
import type { ColumnValues } from "./column-values.ts";
import { guessByValues } from "./guess-by-values.ts";
import { KNOWN_NAMES } from "./known-names.ts";
import { type KeyAdvice, keyAdvice, oneNumberEach } from "./key-advice.ts";

/** A column of a file, and the field that it probably is. */
interface Guess {
  readonly column: string;
  readonly field: string;
  /** Why, as a clause. */
  readonly reason: string;
}

/** How a file could be imported. */
export interface Suggestion {
  /** In the order of the file. */
  readonly guesses: readonly Guess[];
  /** The columns of the file that are no field, and why not, where a field has such a name. */
  readonly others: readonly { readonly column: string; readonly reason: string | undefined }[];
  /** The fields of the view that the file probably lacks. */
  readonly absent: readonly string[];
  readonly key: KeyAdvice;
}

/**
 * Guesses which columns of a file are fields of the view: by their names, and where these say nothing, by their values.
 * A column whose values an import would reject is not suggested, whatever its name.
 *
 * @param columns those with a title that no other column has, in the order of the file
 */
export function suggestMapping(view: View, columns: readonly ColumnValues[]): Suggestion {
  const made = hasNumericKey(view) ? keyColumns(view)[0] : undefined;
  const fits = (column: Column, values: ColumnValues): boolean =>
    values.isEmpty || values.isOf(column.type) || (column === made && oneNumberEach(values));
  const taken = new Map<Column, Guess>();
  const used = new Set<string>();
  const refused = new Map<string, string>();
  const take = (column: Column, values: ColumnValues, reason: string): void => {
    taken.set(column, { column: values.name, field: column.field, reason });
    used.add(values.name);
  };
  for (const { column, values, rank } of candidates(view, columns)) {
    if (taken.has(column) || used.has(values.name)) continue;
    // An import takes a column with the name of the field, whatever its values are.
    if (rank === OWN_NAME) take(column, values, "it has the name of the field");
    else if (fits(column, values)) take(column, values, reasonOfName(column, values));
    else refused.set(values.name, refusal(column, values));
  }
  const free = columns.filter(({ name }) => !used.has(name) && !refused.has(name));
  for (const { field, values, reason } of guessByValues(
    view,
    view.columns.filter((column) => !taken.has(column)),
    free,
  )) {
    take(field, values, reason);
  }
  const key = keyAdvice(view, columns, taken);
  // A key that is made must not be in the file.
  if (key.kind === "generated" && made !== undefined) {
    const own = taken.get(made);
    taken.delete(made);
    if (own !== undefined) used.delete(own.column);
  }
  return {
    guesses: columns.flatMap(({ name }) => [...taken.values()].filter(({ column }) => column === name)),
    others: columns
      .filter(({ name }) => !used.has(name))
      .map(({ name }) => ({ column: name, reason: refused.get(name) })),
    absent: view.columns.filter((column) => !taken.has(column)).map(({ field }) => field),
    key,
  };
}

/** What the values of a type are, in a reason. */
const VALUES_OF: Readonly<Record<ValueType, string>> = {
  text: "texts",
  integer: "numbers",
  numeric: "numbers",
  boolean: "yes or no",
  timestamp: "dates",
};

/** The rank of a name that the import itself finds. */
const OWN_NAME = -1;

interface Candidate {
  readonly column: Column;
  readonly values: ColumnValues;
  /** The place of the name among those of the field; the first is the most likely one. */
  readonly rank: number;
}

/** Each column with each field that has such a name, the most likely first: own names, then columns that say something. */
function candidates(view: View, columns: readonly ColumnValues[]): readonly Candidate[] {
  const weight = ({ values, rank }: Candidate): number =>
    rank === OWN_NAME ? 0 : values.isEmpty ? 3 : values.isConstant ? 2 : 1;
  return view.columns
    .flatMap((column) => columns.map((values) => ({ column, values, rank: rankOf(column, values.name) })))
    .filter((candidate): candidate is Candidate => candidate.rank !== undefined)
    .toSorted((a, b) => weight(a) - weight(b) || a.rank - b.rank);
}

function rankOf(column: Column, name: string): number | undefined {
  const own = [column.field, column.name].map(foldedName);
  if (own.includes(foldedName(name))) return OWN_NAME;
  const names = [
    withoutPrefix(column.field),
    withoutPrefix(column.name),
    ...(KNOWN_NAMES[column.field] ?? []),
  ];
  const rank = names.map(lettersOf).indexOf(lettersOf(plainName(name)));
  return rank < 0 ? undefined : rank;
}

/** `u_team` is a column that somebody has added to ServiceNow, and `caller_id.name` a name behind a reference. */
function plainName(name: string): string {
  return name.replace(/^u_/i, "").replace(/\.(?:name|number|user_name)$/i, "");
}

function withoutPrefix(name: string): string {
  return name.replace(/^[^-]+-/, "");
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function reasonOfName(column: Column, values: ColumnValues): string {
  const name = "its name is a usual one for the field";
  if (values.isEmpty) return `${name}; the records that were read have no value in it`;
  return values.isOf(column.type)
    ? `${name}, and its values are ${VALUES_OF[column.type]}, such as ${values.sample}`
    : `${name}, and its values have a number each, such as ${values.sample}`;
}

function refusal({ field, type }: Column, values: ColumnValues): string {
  return `has a name like ${field}, which is of type ${type}, but has values such as ${values.sample}`;
}
