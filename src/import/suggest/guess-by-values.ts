import type { Column, View } from "../../views/view.ts";
import type { ColumnValues } from "./column-values.ts";

/** A column that is a field by its values alone. */
interface ValueGuess {
  readonly field: Column;
  readonly values: ColumnValues;
  readonly reason: string;
}

/** What the values of a field look like. */
interface ValueRule {
  readonly field: string;
  /** What they are, as a clause. */
  readonly are: string;
  readonly matches: (values: ColumnValues) => boolean;
}

const STATE =
  /^(?:new|open(?:ed)?|(?:re)?opened|assigned|active|(?:work )?in progress|pending.*|on hold|waiting.*|awaiting.*|resolved|closed.*|done|to ?do|cancell?ed|rejected)$/i;

/** `2 - High`, `P1`, `Critical`, or a number from 1 to 5. */
const SEVERITY =
  /^(?:(?:p|s|sev ?)?[1-5](?: ?[-–:] ?[a-z]+)?|critical|urgent|highest|high|major|medium|moderate|normal|minor|low|lowest|trivial)$/i;

/** More different values than this are no list of choices. */
const MOST_CHOICES = 30;

/** A text of more characters, on average, is a description, and a shorter one a title. */
const DESCRIPTION_LENGTH = 120;
const TITLE_LENGTH = 12;

const MOST_HOURS = 24;

/** Texts that somebody has written: few of them occur twice. */
function isProse(values: ColumnValues): boolean {
  return (
    values.distinct.share > 0.5 &&
    values.length >= TITLE_LENGTH &&
    values.mostly((text, value) => typeof value === "string" && text.includes(" ")) &&
    !values.isOf("timestamp")
  );
}

/** The more telling rules come first. */
const RULES: readonly ValueRule[] = [
  {
    field: "TKT-Status",
    are: "states such as open and closed",
    matches: (values) => values.mostly((text) => STATE.test(text)),
  },
  {
    field: "TKT-Severity",
    are: "levels such as high and low, or small numbers",
    matches: (values) =>
      values.distinct.count > 1 &&
      values.distinct.count <= MOST_CHOICES &&
      values.mostly((text) => SEVERITY.test(text)),
  },
  {
    field: "TKT-Description",
    are: "long texts",
    matches: (values) => isProse(values) && values.length > DESCRIPTION_LENGTH,
  },
  {
    field: "TKT-Title",
    are: "short texts, nearly all different",
    matches: (values) => isProse(values) && values.length <= DESCRIPTION_LENGTH,
  },
  { field: "TKTCT-Comment", are: "texts, nearly all different", matches: isProse },
  {
    field: "TS-Hours",
    are: `numbers up to ${MOST_HOURS}, some with a fraction`,
    matches: (values) =>
      !values.isOf("integer") &&
      values.isOf("numeric") &&
      values.mostly((text) => Number(text.replace(",", ".")) <= MOST_HOURS),
  },
  { field: "TS-Description", are: "texts, nearly all different", matches: isProse },
];

/**
 * Guesses fields by their values. Where two columns look alike, neither is guessed.
 *
 * @param fields that have no column yet
 * @param columns that are no field yet
 */
export function guessByValues(
  view: View,
  fields: readonly Column[],
  columns: readonly ColumnValues[],
): readonly ValueGuess[] {
  const guesses: ValueGuess[] = [];
  for (const { field: name, are, matches } of rulesOf(view, fields)) {
    const field = fields.find((column) => column.field === name);
    const used = new Set(guesses.map(({ values }) => values));
    const alike = columns.filter((column) => !used.has(column) && matches(column));
    const [values] = alike;
    if (field === undefined || values === undefined || alike.length > 1) continue;
    guesses.push({ field, values, reason: `no other column has ${are}; a value is ${values.sample}` });
  }
  return guesses;
}

/** The rules for all views, and those that follow from the types of this one. */
function rulesOf(view: View, fields: readonly Column[]): readonly ValueRule[] {
  const window = fields.find(({ name }) => name === view.missing?.window);
  const booleans = fields.filter(({ type }) => type === "boolean");
  const [yesOrNo] = booleans;
  return [
    ...RULES,
    ...(window === undefined
      ? []
      : [
          {
            field: window.field,
            are: "a date in each record",
            matches: (values: ColumnValues) => values.isFull && values.isOf("timestamp"),
          },
        ]),
    ...(yesOrNo === undefined || booleans.length > 1
      ? []
      : [
          {
            field: yesOrNo.field,
            are: "yes or no",
            matches: (values: ColumnValues) => values.distinct.count <= 2 && values.isOf("boolean"),
          },
        ]),
  ];
}
