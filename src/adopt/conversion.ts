import { quoteLiteral } from "../database/identifier.ts";
import { instantOf } from "../database/wall-time.ts";
import { booleanSpellings } from "../views/values/boolean.ts";

/** A conversion of the values of a column to another type. */
export interface Conversion {
  /** The new value, as an expression of the old one. */
  readonly using: string;
  /** A condition, true for an old value that would be lost or changed. */
  readonly loses: string;
}

/** Types with wall time as values. */
export const WALL_TIME = /^(date|timestamp(\(\d\))? without time zone)$/;

/** Types with text values. */
export const TEXTUAL = /^(text|character)\b/;

/** Spellings of a number; never more digits than a `bigint` holds. */
const WHOLE_NUMBER = "^[+-]?[0-9]{1,18}([.]0+)?$";
const NUMBER = "^[+-]?[0-9]+([.,][0-9]+)?$";

/** Spellings of a timestamp that a load reads. */
const TIME = "[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?";
const ISO_WALL_TIME = `^[0-9]{4}-[0-9]{2}-[0-9]{2}(${TIME})?$`;
const ISO_INSTANT = `^[0-9]{4}-[0-9]{2}-[0-9]{2}${TIME} ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$`;
const DAY_FIRST = `^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})((${TIME})?)$`;

/**
 * The conversion from one type to another that gives the values a load would have written. Without a special rule it is a
 * cast, and loses the values that a cast back does not restore.
 *
 * @param column quoted
 * @param zone the time zone of wall time
 */
export function conversionOf(column: string, from: string, to: string, zone: string): Conversion {
  const text = `btrim(${column}::text)`;
  if (to === "boolean") return ofText(column, toBoolean(column));
  if (to === "timestamp with time zone") {
    // Wall time that clocks skipped is not restored by the way back, but a load reads it as the same instant.
    if (WALL_TIME.test(from)) return { using: instantOf(`${column}::timestamp`, zone), loses: "false" };
    if (TEXTUAL.test(from)) return ofText(column, toInstant(text, zone));
  }
  if (/^(real|double precision)$/.test(from) && to === "numeric") {
    // The text is the shortest decimal with the same value, while a cast keeps fifteen digits.
    const using = `${column}::text::numeric`;
    return { using, loses: `(${using})::${from} is distinct from ${column}` };
  }
  if (TEXTUAL.test(from) && (to === "bigint" || to === "numeric")) {
    const pattern = quoteLiteral(to === "bigint" ? WHOLE_NUMBER : NUMBER);
    return ofText(
      column,
      `case when ${text} ~ ${pattern} then replace(${text}, ',', '.')::numeric::${to} end`,
    );
  }
  if (from === "time without time zone" && to === "text") {
    const using = `regexp_replace(${column}::text, ':00$', '')`;
    return { using, loses: "false" };
  }
  return { using: `${column}::${to}`, loses: `${column}::${to}::${from} is distinct from ${column}` };
}

/** A conversion from text; an empty text becomes null. */
function ofText(column: string, using: string): Conversion {
  return { using, loses: `btrim(${column}::text) <> '' and (${using}) is null` };
}

function toBoolean(column: string): string {
  const spells = (value: boolean): string =>
    `lower(${column}::text) in (${booleanSpellings(value).map(quoteLiteral).join(", ")})`;
  return `case when ${spells(true)} then true when ${spells(false)} then false end`;
}

function toInstant(text: string, zone: string): string {
  const yearFirst = `regexp_replace(${text}, ${quoteLiteral(DAY_FIRST)}, '\\3-\\2-\\1\\4')`;
  return `case
    when ${text} ~ ${quoteLiteral(ISO_WALL_TIME)} then ${instantOf(`${text}::timestamp`, zone)}
    when ${text} ~ ${quoteLiteral(ISO_INSTANT)} then ${text}::timestamptz
    when ${text} ~ ${quoteLiteral(DAY_FIRST)} then ${instantOf(`${yearFirst}::timestamp`, zone)}
  end`;
}
