import leven from "leven";
import { OtcError } from "../../errors/otc-error.ts";
import type { DocumentField, FieldNaming, RecordFile } from "../record-file.ts";
import { type Column, hasNumericKey, keyColumns, type View } from "../../views/view.ts";
import type { ColumnMapping } from "./column-mapping.ts";

/** Names that differ in more than this share of their letters are not similar. */
const MAX_DIFFERENCE = 0.5;

/** A file may have thousands of columns. A message names the first ones. */
const MAX_NAMES = 60;

/** A sheet has at most 16,384 columns, but records that use values as names may have any number of fields. */
const MAX_REMEMBERED = 20_000;

/**
 * Finds the view's fields among those of a file: by the mappings, otherwise by the name of the field or the column, in
 * any case and with any spaces. Fields that the view does not have keep their names.
 *
 * @param made the field of the key for which numbers are made, so that the file need not have it
 * @throws OtcError `usage` when a mapping names an unknown field, two names mean one field, or a part of the key is
 *   missing
 */
export function matchFields(
  view: View,
  { fields, fieldsAre }: Pick<RecordFile, "fields" | "fieldsAre">,
  mappings: readonly ColumnMapping[],
  made?: string,
): FieldNaming {
  const titled = fields.filter((field) => field !== "");
  const mapped = new Map(mappings.map((mapping) => resolved(mapping, view, titled)));
  const columns = new Map(
    view.columns.flatMap((column) => [column.field, column.name].map((name) => [foldedName(name), column])),
  );
  const takenBy = new Map<Column, string>();
  const known = new Map<string, DocumentField | undefined>();

  const naming: FieldNaming = (field) => {
    if (known.has(field)) return known.get(field);
    const column = mapped.get(field) ?? columns.get(foldedName(field));
    const target =
      column === undefined ? undefined : { name: column.field, holdsTime: column.type === "timestamp" };
    if (column !== undefined) take(column, field, takenBy);
    if (known.size < MAX_REMEMBERED) known.set(field, target);
    return target;
  };

  titled.forEach((field, index) => {
    const target = naming(field);
    if (target !== undefined && titled.indexOf(field) !== index) throw ambiguous(target.name, field, field);
  });
  const missing = keyColumns(view).filter(
    // Records may omit an optional part of the key, which is null then. A header omits nothing.
    (column) =>
      column.field !== made && !takenBy.has(column) && (column.key === "required" || fieldsAre === "all"),
  );
  if (missing.length > 0) throw missingKey(view, missing, titled, naming);
  return naming;
}

function take(column: Column, field: string, takenBy: Map<Column, string>): void {
  const other = takenBy.get(column);
  if (other !== undefined && other !== field) throw ambiguous(column.field, other, field);
  takenBy.set(column, field);
}

/** The name in the form in which names are compared: case and spaces do not matter. */
export function foldedName(name: string): string {
  return name.normalize("NFC").trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** @returns the file's spelling of the name, and the column that it means */
function resolved({ theirs, field }: ColumnMapping, view: View, fields: readonly string[]): [string, Column] {
  const name = namedField("--map", theirs, fields);
  const column = view.columns.find((candidate) =>
    [candidate.field, candidate.name].some((own) => foldedName(own) === foldedName(field)),
  );
  if (column === undefined) {
    const names = view.columns.map((candidate) => candidate.field);
    throw new OtcError("usage", `--map names ${quoted(field)}, which is not a field of ${view.name}.`, {
      remedy: `${guess(field, names)}Its fields are ${list(names)}.`,
    });
  }
  return [name, column];
}

/**
 * A name of the file, in the file's spelling.
 *
 * @param option what names it, for the message
 * @throws OtcError `usage` when the file does not have it
 */
export function namedField(option: string, theirs: string, fields: readonly string[]): string {
  const name =
    fields.find((candidate) => candidate === theirs) ??
    fields.find((candidate) => foldedName(candidate) === foldedName(theirs));
  if (name !== undefined) return name;
  throw new OtcError("usage", `${option} names ${quoted(theirs)}, which is not in the file.`, {
    remedy: `${guess(theirs, fields)}The file has ${list(fields)}.`,
  });
}

function ambiguous(field: string, one: string, other: string): OtcError {
  return new OtcError(
    "usage",
    `Two columns of the file mean the field ${field}: ${quoted(one)} and ${quoted(other)}.`,
    { remedy: "Rename or remove one of them in the file, or omit the --map that names one of them." },
  );
}

function missingKey(
  view: View,
  missing: readonly Column[],
  fields: readonly string[],
  naming: FieldNaming,
): OtcError {
  const free = new Set(fields.filter((field) => naming(field) === undefined));
  const suggestions = missing.flatMap((column) => {
    const closest = closestName(column.field, [...free]);
    if (closest === undefined) return [];
    free.delete(closest);
    return [`--map ${quoted(`${closest}=${column.field}`)}`];
  });
  const key = keyColumns(view).map((column) => quoted(column.field));
  const advice =
    suggestions.length > 0
      ? `Try ${suggestions.join(" ")}.`
      : "None of these is similar. Export again with the key, or name the column that contains it: " +
        `--map ${quoted(`THEIR NAME=${missing[0]?.field ?? ""}`)}.` +
        (hasNumericKey(view) ? " For a file without ids, --generate-key makes them." : "");
  return new OtcError(
    "usage",
    `The file has no column ${missing.map((column) => quoted(column.field)).join(", ")}; ` +
      `without it, rows of ${view.name} cannot be identified (the key is ${key.join(", ")}).`,
    { remedy: `The file has ${list(fields)}. ${advice}` },
  );
}

function guess(name: string, among: readonly string[]): string {
  const closest = closestName(name, among);
  return closest === undefined ? "" : `Did you mean ${quoted(closest)}? `;
}

/** The most similar name, if one is similar. People tend to omit the view's prefix (`TKT-`). */
function closestName(name: string, among: readonly string[]): string | undefined {
  const difference = (candidate: string): number =>
    Math.min(...[name, withoutPrefix(name)].map((spelling) => unlikeness(spelling, candidate)));
  const [closest] = among.toSorted((a, b) => difference(a) - difference(b));
  return closest !== undefined && difference(closest) <= MAX_DIFFERENCE ? closest : undefined;
}

function withoutPrefix(field: string): string {
  return field.replace(/^[^-]+-/, "");
}

/** The difference of two names, from 0 (the same letters and digits) to 1. */
function unlikeness(one: string, other: string): number {
  const [a, b] = [one, other].map((name) => foldedName(name).replaceAll(/[^\p{L}\p{N}]/gu, "")) as [
    string,
    string,
  ];
  return leven(a, b) / Math.max(a.length, b.length, 1);
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "no named fields";
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return `${names.slice(0, MAX_NAMES).map(quoted).join(", ")}${more}`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
