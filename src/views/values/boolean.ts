import { NUMBER, type ScalarKind } from "../../json/record-fields.ts";
import { BadValue } from "./bad-value.ts";

const SPELLINGS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["y", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["n", false],
  ["0", false],
]);

export const NOT_A_BOOLEAN = new BadValue(
  "invalid_boolean",
  "not a boolean (true, yes, y, 1 or false, no, n, 0 in any case)",
);

/** Converts the bytes of a string's text or of a number to a boolean. */
export function convertBoolean(
  kind: ScalarKind,
  bytes: Buffer,
  start: number,
  end: number,
): boolean | BadValue {
  const text = bytes.toString("latin1", start, end);
  return SPELLINGS.get(kind === NUMBER ? String(Number(text)) : text.toLowerCase()) ?? NOT_A_BOOLEAN;
}

/** Every accepted spelling of a boolean, in lower case. */
export function booleanSpellings(value: boolean): readonly string[] {
  return Array.from(SPELLINGS).flatMap(([spelling, meaning]) => (meaning === value ? [spelling] : []));
}

/** The first of these texts that spells this boolean, as it is written there: in any case, with or without spaces around it. */
export function booleanSpelling(texts: readonly string[], value: boolean): string | undefined {
  return texts.find((text) => SPELLINGS.get(text.trim().toLowerCase()) === value);
}
