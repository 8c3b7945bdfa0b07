import type { Transaction } from "../database/database.ts";
import type { View } from "../views/view.ts";
import type { FilledTable } from "./first-load/fill-empty-table.ts";
import { inStep, type LoadInProgress, showProgress } from "./load-in-progress.ts";
import { withHashJoins } from "./tables/planner-settings.ts";
import type { StagedDocument } from "./stage/stage-document.ts";
import { type LoadTables, mayRepeatColumn } from "./tables/load-tables.ts";
import { sameKey } from "./tables/same-row.ts";
import { buildIndexes } from "./first-load/target-indexes.ts";
import { NONE_MISSING } from "./missing/settle-missing.ts";
import { writeDocument, type WrittenRows } from "./write-document.ts";

/**
 * Finishes a table that has taken rows of the document: builds its indexes, and writes the rows that had to wait as any
 * staged ones. A row with the same key as one that waited came earlier in the document, so it goes first: the table is
 * then what it would be had it never been there, whatever becomes of the later row.
 *
 * @param document its staged rows are those that waited
 */
export async function finishFilledTable(
  load: LoadInProgress,
  document: StagedDocument,
  { rows, indexes }: FilledTable,
): Promise<WrittenRows> {
  const { transaction, run, tables } = load;
  showProgress(load, "apply", document);
  await inStep(load, "apply", () => buildIndexes(transaction, tables.target, indexes));
  if (document.staged === 0) {
    return {
      duplicates: 0,
      unchanged: 0,
      compared: 0,
      changed: rows,
      moved: 0,
      allNew: true,
      deltaTables: [],
      wasUntouched: false,
      inserted: rows,
      updated: 0,
      ...NONE_MISSING,
      late: 0,
    };
  }
  const replaced = await inStep(load, "classify", () => removeEarlierRows(transaction, run.view, tables));
  const written = await writeDocument(load, document);
  return {
    ...written,
    duplicates: replaced + written.duplicates,
    inserted: rows - replaced + written.inserted,
  };
}

/** @returns how many rows of the table had a key that came again */
async function removeEarlierRows(
  transaction: Transaction,
  view: View,
  { target, staging }: LoadTables,
): Promise<number> {
  const removed = await withHashJoins(transaction, () =>
    transaction.query(
      `delete from ${target} t using ${staging} s where s.${mayRepeatColumn} and ${sameKey(view, "t", "s")}`,
    ),
  );
  return removed.rowCount;
}
