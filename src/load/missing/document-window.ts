import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { MissingRows } from "../../views/view.ts";
import type { KnownRows } from "../known-rows/known-rows.ts";
import type { LoadTables } from "../tables/load-tables.ts";

const DAY_SECONDS = 86_400;

/** The times, in seconds since 1970 and both included, of the rows that a document should contain. */
export interface DocumentWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * An expression for the time, in seconds, by which a row is in the window; infinite times are in none. `extract` is exact
 * beyond microseconds, as a numeric, which takes a quarter of the time of reading all rows.
 */
export function windowTime({ window }: MissingRows, table?: string): string {
  const column = `${table === undefined ? "" : `${table}.`}${quoteIdentifier(window)}`;
  return `case when isfinite(${column}) then date_part('epoch', ${column}) end`;
}

/** A condition that a row lies in the window; false for a row without a time. */
export function isInWindow(rows: MissingRows, table: string, { from, to }: DocumentWindow): string {
  return `coalesce(${windowTime(rows, table)} between ${from}::float8 and ${to}::float8, false)`;
}

/**
 * The window of a document: from the least time of its records plus the margin to their greatest time.
 *
 * @returns undefined when no record has a time, or all of them lie within the margin
 */
export async function readDocumentWindow(
  transaction: Transaction,
  rows: MissingRows,
  { staging }: LoadTables,
  known: KnownRows | undefined,
): Promise<DocumentWindow | undefined> {
  const {
    rows: [staged],
  } = await transaction.query<{ least: number | null; greatest: number | null }>(
    `select min(time) as "least", max(time) as "greatest" from (select ${windowTime(rows)} as time from ${staging}) staged`,
  );
  let least = staged?.least ?? Infinity;
  let greatest = staged?.greatest ?? -Infinity;
  if (known?.times !== undefined) {
    for (const [row, time] of known.times.entries()) {
      // NaN is neither less nor greater.
      if ((time < least || time > greatest) && known.fingerprints.timesSeen(row) > 0) {
        least = Math.min(least, time);
        greatest = Math.max(greatest, time);
      }
    }
  }
  const from = least + rows.marginDays * DAY_SECONDS;
  return from <= greatest ? { from, to: greatest } : undefined;
}
