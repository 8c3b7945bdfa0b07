import { instantOf, wallTimeOf } from "../../database/wall-time.ts";

/** A week. */
export interface Week {
  /** Its first instant. */
  readonly week: Date;
}

/**
 * A subquery `weeks (monday, week)`: wall time and instant of the beginning of the current week, that of `$1`, and of
 * `ended` weeks before it.
 */
export function weeksUntil(ended: number, timeZone: string): string {
  return `(
    select monday, ${instantOf("monday", timeZone)} as week
    from (
      select ${mondayOf("$1::timestamptz", timeZone)} - n * interval '7 days' as monday
      from generate_series(0, ${ended}) as n
    ) as mondays
  ) as weeks`;
}

/** An expression of the `monday` that the week of an instant begins with. */
export function mondayOf(instant: string, timeZone: string): string {
  return `date_trunc('week', ${wallTimeOf(instant, timeZone)})`;
}

/** A day as `2026-01-05`. */
export function dayIn(timeZone: string, day: Date): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" }).format(day);
}

/** The first day of a week: short for the axis of a chart, and in full. */
export function weekText(
  { week }: Week,
  timeZone: string,
): { readonly label: string; readonly name: string } {
  const label = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone }).format(week);
  const year = new Intl.DateTimeFormat("en-GB", { year: "numeric", timeZone }).format(week);
  return { label, name: `${label} ${year}` };
}
