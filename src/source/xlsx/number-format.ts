/** How a number format shows a number as a date or a time. */
export interface TimeFormat {
  /** A day, month or year. */
  readonly date: boolean;
  /** Hours, minutes or seconds. */
  readonly time: boolean;
  readonly seconds: boolean;
  /** Hours that go on after 24, as in `[h]:mm`: a duration. */
  readonly elapsed: boolean;
}

/** The formats that a workbook need not spell out (ECMA-376, part 1, section 18.8.30). */
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
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss.0",
};

/** What is shown as it stands: quoted, escaped, as wide as a character, filling the cell. */
const LITERAL = /"[^"]*"|[\\_*]./g;
const ELAPSED = /\[(?:h+|m+|s+)\]/i;
/** Colours, conditions and locales. */
const BRACKETED = /\[[^\]]*\]/g;
const HALF_DAY = /am\/pm|a\/p/gi;

/**
 * @param id the number of the format
 * @param code its code, where the workbook spells it out
 * @returns undefined when it shows no date or time
 */
export function timeFormatOf(id: number, code: string | undefined): TimeFormat | undefined {
  const [section = ""] = (code ?? BUILT_IN[id] ?? "").replaceAll(LITERAL, "").split(";", 1);
  const elapsed = ELAPSED.exec(section)?.[0] ?? "";
  const letters = (elapsed + section.replaceAll(BRACKETED, "")).replaceAll(HALF_DAY, "h").toLowerCase();
  const seconds = letters.includes("s");
  const time = seconds || letters.includes("h") || elapsed !== "";
  // An m beside hours or seconds is a minute, alone a month.
  const date = /[dy]/.test(letters) || (letters.includes("m") && !time);
  if (!date && !time) return undefined;
  return { date, time, seconds, elapsed: elapsed !== "" };
}
