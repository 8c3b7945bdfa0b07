import { formatCount, formatNumberOf } from "../../format/format.ts";
import { shellArgument } from "../../format/shell-argument.ts";
import { escapeControlCharacters } from "../../errors/escape-control-characters.ts";
import type { KeyAdvice } from "../../import/suggest/key-advice.ts";
import type { FileSuggestion } from "../../import/suggest/suggest-from-file.ts";
import type { View } from "../../views/view.ts";

/** The guesses as the JSON object that `--map-file` reads. */
export function renderMapping({ guesses }: FileSuggestion): string {
  const mapping = Object.fromEntries(guesses.map(({ column, field }) => [column, field]));
  const lines = JSON.stringify(mapping, null, 2).split("\n");
  return `${lines.map(escapeControlCharacters).join("\n")}\n`;
}

/** Why each column was guessed, what was not guessed, and how to import the file with the mapping. */
export function renderReasons(suggestion: FileSuggestion, view: View, path: string): string {
  const { guesses, others, absent, key, records } = suggestion;
  const unnamed = others.filter(({ reason }) => reason === undefined).map(({ column }) => quoted(column));
  const lines = [
    `Guessed from ${records === 1 ? "the first record" : `the first ${formatNumberOf(records, "record")}`}:`,
    ...guesses.map(({ column, field, reason }) => `  ${quoted(column)} is ${field}: ${reason}.`),
    ...(guesses.length === 0 ? [`  no column is known to be a field of ${view.name}.`] : []),
    ...(others.length === 0
      ? []
      : [
          `Not guessed (${formatCount(others.length)}): an import puts these columns into extra.`,
          ...others.flatMap(({ column, reason }) =>
            reason === undefined ? [] : [`  ${quoted(column)} ${reason}.`],
          ),
          ...(unnamed.length === 0 ? [] : [`  ${unnamed.join(", ")}`]),
        ]),
    ...(absent.length === 0 ? [] : [`Fields of ${view.name} without a column: ${absent.join(", ")}.`]),
    ...describeKey(key, view),
    ...(key.kind === "missing"
      ? []
      : [
          "Check the mapping, save it as mapping.json, and try it:",
          `  otc-etl import ${shellArgument(path)} --view ${view.name} --map-file mapping.json${keyFlags(key)} --dry-run`,
        ]),
  ];
  return `${lines.map(escapeControlCharacters).join("\n")}\n`;
}

function describeKey(key: KeyAdvice, view: View): readonly string[] {
  switch (key.kind) {
    case "own":
      return [];
    case "digits":
      return [`--key-from-digits takes the numbers of the key from their texts: ${key.reason}.`];
    case "generated":
      return [`The file has no numeric ids, so --generate-key makes the key: ${key.reason}.`];
    case "missing":
      return [
        `The key of ${view.name} needs a column for ${key.fields.join(", ")}: add it to the mapping, or export again with it.`,
      ];
    default:
      return key satisfies never;
  }
}

function keyFlags(key: KeyAdvice): string {
  if (key.kind === "digits") return " --key-from-digits";
  if (key.kind !== "generated") return "";
  return ` --generate-key${key.column === undefined ? "" : ` --key-column ${shellArgument(key.column)}`}`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
