import type { Transaction } from "../../database/database.ts";
import type { LoadTables } from "../tables/load-tables.ts";
import { type DocumentWindow, isInWindow } from "./document-window.ts";
import type { MissingCheck } from "./missing-check.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

/** The most rows that a load removes as missing: the larger of these. */
const DEFAULT_ROWS = 50;
const DEFAULT_SHARE = 0.005;

/**
 * The most rows that a load may remove as missing.
 *
 * @param windowRows rows of the table in the window of the document
 * @param accepted the number that was accepted in advance
 */
function maximumMissing(windowRows: number, accepted: number): number {
  return Math.max(DEFAULT_ROWS, Math.floor(windowRows * DEFAULT_SHARE), accepted);
}

/** @returns why no row is removed; undefined when the load may remove what it found */
export async function checkMissing(
  transaction: Transaction,
  { target, absent }: LoadTables,
  { rows, mode, accepted }: MissingCheck,
  window: DocumentWindow,
): Promise<string | undefined> {
  if (mode === "report") return undefined;
  const marked = await countRows(transaction, `${absent} where reason is not null`);
  if (marked <= maximumMissing(0, accepted)) return undefined;
  const windowRows = await countRows(transaction, `${target} t where ${isInWindow(rows, "t", window)}`);
  const maximum = maximumMissing(windowRows, accepted);
  if (marked <= maximum) return undefined;
  return (
    `${formatCount(marked)} of ${formatNumberOf(windowRows, "row")} are missing in the document, more than the ${formatCount(maximum)} that a load may remove; ` +
    `none was removed. If OTC really has lost them, load with --accept-missing ${marked}.`
  );
}

async function countRows(transaction: Transaction, from: string): Promise<number> {
  const { rows } = await transaction.query<{ count: number }>(`select count(*) as count from ${from}`);
  return rows[0]?.count ?? 0;
}
