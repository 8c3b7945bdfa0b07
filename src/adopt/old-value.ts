import type { Transaction } from "../database/database.ts";
import { readFrequentTexts } from "../database/frequent-texts.ts";
import { quoteIdentifier, quoteLiteral } from "../database/identifier.ts";
import { wallTimeOf } from "../database/wall-time.ts";
import { booleanSpelling, booleanSpellings } from "../views/values/boolean.ts";
import { TEXTUAL, WALL_TIME } from "./conversion.ts";

const NUMERIC = /^(smallint|integer|bigint|numeric|real|double precision)\b/;

/** Patterns of texts that PostgreSQL reads as a number or a time of day. */
const NUMBER = "^[+-]?[0-9]+([.][0-9]+)?$";
const TIME_OF_DAY = "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$";

/** A column whose type changes. */
interface ChangedColumn {
  readonly name: string;
  /** The old type. */
  readonly from: string;
  readonly to: string;
}

/**
 * The reverse of a conversion: an expression that turns a value of the new type into one of the old type, for an assignment
 * in PL/pgSQL, which casts if necessary. It is null for a value of another kind, such as a name instead of a number.
 *
 * @param table the table, whose old column still has its name
 * @param value an expression of the new type
 * @param zone the time zone of wall time
 */
export async function oldValueOf(
  transaction: Transaction,
  table: string,
  { name, from, to }: ChangedColumn,
  value: string,
  zone: string,
): Promise<string> {
  if (to === "timestamp with time zone") {
    const wallTime = wallTimeOf(value, zone);
    if (WALL_TIME.test(from)) return wallTime;
    return TEXTUAL.test(from) ? `to_char(${wallTime}, 'YYYY-MM-DD HH24:MI:SS')` : value;
  }
  if (to === "boolean") {
    if (NUMERIC.test(from)) return `${value}::integer`;
    const [yes, no] = await spellings(transaction, table, name, from);
    return `case ${value} when true then ${quoteLiteral(yes)} when false then ${quoteLiteral(no)} end`;
  }
  if (to === "text" && NUMERIC.test(from)) return `case when ${value} ~ '${NUMBER}' then ${value} end`;
  if (to === "text" && from.startsWith("time")) {
    return `case when ${value} ~ '${TIME_OF_DAY}' then ${value} end`;
  }
  return value;
}

/** The most frequent spellings of true and false in the column; one that does not occur is chosen to match the other. */
async function spellings(
  transaction: Transaction,
  table: string,
  name: string,
  type: string,
): Promise<readonly [string, string]> {
  const texts = await readFrequentTexts(transaction, table, quoteIdentifier(name));
  const [truths, falsehoods] = [booleanSpellings(true), booleanSpellings(false)];
  const [yes, no] = [booleanSpelling(texts, true)?.trim(), booleanSpelling(texts, false)?.trim()];
  const [, limit] = /^character(?: varying)?\((\d+)\)$/.exec(type) ?? [];
  const [shortest = "", ...others] = [...falsehoods].sort((one, other) => one.length - other.length);
  const fits =
    limit === undefined
      ? "false"
      : ([shortest, ...others].findLast((word) => word.length <= Number(limit)) ?? shortest);
  const counterpart = (word: string, of: readonly string[], is: readonly string[]): string =>
    inCaseOf(word, is[of.indexOf(word.toLowerCase())] ?? word);
  if (yes !== undefined) return [yes, no ?? counterpart(yes, truths, falsehoods)];
  const chosen = no ?? fits;
  return [counterpart(chosen, falsehoods, truths), chosen];
}

/** The word in the letter case of another one. */
function inCaseOf(model: string, word: string): string {
  if (model === model.toLowerCase()) return word;
  if (model === model.toUpperCase()) return word.toUpperCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}
