/** How a number format shows a number as a date or a time. */
export interface TimeFormat {
  /** Whether it shows a day, month or year. */
  readonly date: boolean;
  /** Whether it shows hours, minutes or seconds. */
  readonly time: boolean;
  readonly seconds: boolean;
  /** Whether hours continue after 24, as in `[h]:mm`, which is a duration. */
  readonly elapsed: boolean;
}

const LOCAL_DATE = "yyyy/m/d";
/** Some languages show a date here. A number with both a day and a time of day is converted in full in any case. */
const LOCAL_TIME = "h:mm";

/**
 * The formats that a workbook need not define (ECMA-376, part 1, section 18.8.30). Those from 27 to 58 are dates and
 * times of Chinese, Japanese and Korean.
 */
const BUILT_IN: Readonly<Record<number, string>> = {
  14: "m/d/yyyy",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  22: "m/d/yyyy h:mm",
  ...Object.fromEntries([27, 28, 29, 30, 31, 36].map((id) => [id, LOCAL_DATE])),
  ...Object.fromEntries([32, 33, 34, 35, 55, 56].map((id) => [id, LOCAL_TIME])),
  ...Object.fromEntries([50, 51, 52, 53, 54, 57, 58].map((id) => [id, LOCAL_DATE])),
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss.0",
};

/** Literal text: quoted, escaped, a space of a character's width, or a fill character. */
const LITERAL = /"[^"]*"|[\\_*]./g;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
/** Colours, conditions and locales. */
const BRACKETED = /\[[^\]]*\]/g;
const HALF_DAY = /am\/pm|a\/p/gi;
/** A section without any of these does not show the number, such as the first one of `[=0]"";d/m/yyyy`. */
const SHOWS_NUMBER = /[0#?@a-z]/i;

/**
 * @param id the number of the format
 * @param code its code, where the workbook defines it
 * @returns undefined when the format shows no date or time
 */
export function timeFormatOf(id: number, code: string | undefined): TimeFormat | undefined {
  const sections = (code ?? BUILT_IN[id] ?? "").replaceAll(LITERAL, "").split(";");
  const section =
    sections.find((each) => ELAPSED.test(each) || SHOWS_NUMBER.test(each.replaceAll(BRACKETED, ""))) ?? "";
  const elapsed = ELAPSED.exec(section)?.[0] ?? "";
  const letters = (elapsed + section.replaceAll(BRACKETED, "")).replaceAll(HALF_DAY, "h").toLowerCase();
  const seconds = letters.includes("s");
  const time = seconds || letters.includes("h") || elapsed !== "";
  // An m next to hours or seconds is a minute. Otherwise it is a month.
  const date = /[dy]/.test(letters) || (letters.includes("m") && !time);
  if (!date && !time) return undefined;
  return { date, time, seconds, elapsed: elapsed !== "" };
}
