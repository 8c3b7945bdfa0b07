import { BadValue } from "./bad-value.ts";

/**
 * PostgreSQL's JSON parser and JSON.stringify both recurse. This limit is far below the limits of both, and far above the
 * depth of any real record.
 */
const MAX_DEPTH = 500;

export const NESTED_TOO_DEEP = new BadValue("too_deep", `nested deeper than ${MAX_DEPTH} levels`);

/** Whether all fields of a record can be searched for a number as it was sent, without overflowing the stack. */
export function isSearchable(record: Readonly<Record<string, unknown>>): boolean {
  return !Object.values(record).some((value) => isTooDeep(value));
}

/** Whether lists and objects are nested more deeply than can be stored. */
export function isTooDeep(value: unknown, levelsLeft = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levelsLeft === 0) return true;
  return Object.values(value).some((item) => isTooDeep(item, levelsLeft - 1));
}
