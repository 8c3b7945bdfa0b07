import { BadValue } from "./bad-value.ts";
import { checkNumeric } from "./numeric.ts";

/**
 * JSON.parse rounds numbers to 64-bit floats. Where a number is kept rather than computed with, its digits are read
 * again from the text (the reviver's `context.source`, in Node since 21).
 */
interface ReviverContext {
  readonly source?: string;
}

type Reviver = (this: unknown, key: string, value: unknown, context: ReviverContext) => unknown;

const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => Record<string, unknown>;

/** What JSON.stringify writes as it is; in V8 since 11.4, not yet in TypeScript's library. */
const rawJson = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };

/** The digits of the number in a top-level field of the record, as they were sent. */
export function exactNumberIn(json: string, field: string): string {
  const exact = parseWithSource(json, (key, value, context) =>
    key === field && typeof value === "number" ? context.source : value,
  );
  return String(exact[field]);
}

/** The record with every number as it was sent, one too large even for `numeric` as a string: for JSON.stringify only. */
export function withExactNumbers(json: string): Record<string, unknown> {
  return parseWithSource(json, (_key, value, context) => {
    if (typeof value !== "number" || context.source === undefined) return value;
    return checkNumeric(context.source) instanceof BadValue
      ? context.source
      : rawJson.rawJSON(context.source);
  });
}

/** Whether a value is a number of such a record. */
export function isExactNumber(value: unknown): boolean {
  return rawJson.isRawJSON(value);
}
