import { quoteLiteral } from "../database/identifier.ts";
import { instantOf } from "../database/wall-time.ts";
import { booleanSpellings } from "../views/values/boolean.ts";

/** How the values of a column become values of another type. */
export interface Conversion {
  /** The new value, as an expression of the old one. */
  readonly using: string;
  /** A condition, true for an old value that would be lost or changed. */
  readonly loses: string;
}

/** Types whose values are wall time. */
const WALL_TIME = /^(date|timestamp(\(\d\))? without time zone)$/;

/**
 * The way from one type to another, so that the values are those a load would have written. Where nothing else is
 * known it is a cast, and loses what the way back does not bring again.
 *
 * @param column quoted
 * @param zone of wall time
 */
export function conversionOf(column: string, from: string, to: string, zone: string): Conversion {
  if (to === "boolean") return toBoolean(column);
  // Wall time that clocks skipped does not come back, but a load reads it as the same instant.
  if (to === "timestamp with time zone" && WALL_TIME.test(from)) {
    return { using: instantOf(`${column}::timestamp`, zone), loses: "false" };
  }
  return { using: `${column}::${to}`, loses: `${column}::${to}::${from} is distinct from ${column}` };
}

function toBoolean(column: string): Conversion {
  const spells = (value: boolean): string =>
    `lower(${column}::text) in (${booleanSpellings(value).map(quoteLiteral).join(", ")})`;
  const using = `case when ${spells(true)} then true when ${spells(false)} then false end`;
  return { using, loses: `${column}::text <> '' and ${using} is null` };
}
