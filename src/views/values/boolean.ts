import { BadValue, type Converted } from "./bad-value.ts";

const SPELLINGS: ReadonlyMap<string, "t" | "f"> = new Map([
  ["true", "t"],
  ["yes", "t"],
  ["y", "t"],
  ["1", "t"],
  ["false", "f"],
  ["no", "f"],
  ["n", "f"],
  ["0", "f"],
]);

const NOT_A_BOOLEAN = new BadValue(
  "invalid_boolean",
  "not a boolean (true, yes, y, 1 or false, no, n, 0 in any case)",
);

/** Converts a JSON value to a PostgreSQL boolean: `t` or `f`. */
export function convertBoolean(value: unknown): Converted {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "string") return SPELLINGS.get(value.toLowerCase()) ?? NOT_A_BOOLEAN;
  if (value === 1) return "t";
  if (value === 0) return "f";
  return NOT_A_BOOLEAN;
}

/** Every text that stands for a truth value, in lower case. */
export function booleanSpellings(value: boolean): readonly string[] {
  const converted = value ? "t" : "f";
  return Array.from(SPELLINGS).flatMap(([spelling, meaning]) => (meaning === converted ? [spelling] : []));
}
