import { BadValue } from "./bad-value.ts";
import { checkNumeric } from "./numeric.ts";

/**
 * JSON.parse rounds numbers to 64-bit floats. Where a number is stored as it was sent, its digits are read from the text
 * again (the reviver's `context.source`, available since Node 21).
 */
interface ReviverContext {
  readonly source?: string;
}

type Reviver = (this: unknown, key: string, value: unknown, context: ReviverContext) => unknown;

const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => Record<string, unknown>;

/** Creates objects that JSON.stringify writes unchanged. V8 has it since 11.4, TypeScript's library does not yet. */
const rawJson = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };

/** The digits of the number in a top-level field of the record, as they were sent. */
export function exactNumberIn(json: string, field: string): string {
  const exact = parseWithSource(json, (key, value, context) =>
    key === field && typeof value === "number" ? context.source : value,
  );
  return String(exact[field]);
}

/** The record with every number as it was sent, for JSON.stringify only. A number too large for `numeric` is a string. */
export function withExactNumbers(json: string): Record<string, unknown> {
  return parseWithSource(json, (_key, value, context) => {
    if (typeof value !== "number" || context.source === undefined) return value;
    return checkNumeric(context.source) instanceof BadValue
      ? context.source
      : rawJson.rawJSON(context.source);
  });
}

/** Whether a value is a number of a record that `withExactNumbers` returned. */
export function isExactNumber(value: unknown): boolean {
  return rawJson.isRawJSON(value);
}
