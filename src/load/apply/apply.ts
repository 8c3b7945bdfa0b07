import type { Transaction } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { relocateMoved } from "./relocate-moved.ts";
import {
  ALL_ROWS,
  bisectRefused,
  isInRange,
  type NotePosition,
  type OnRefused,
  rangeParameters,
  type Work,
} from "../tables/bisect-refused.ts";
import { isNewColumn } from "../classify/comparison.ts";
import type { Classification } from "../classify/delta.ts";
import { withIndexesPutOff } from "../first-load/put-off-indexes.ts";
import { withKeyLookups } from "../tables/key-lookups.ts";
import {
  type LoadTables,
  positionColumn,
  fingerprintColumn,
  insertedColumns,
  updatableColumns,
} from "../tables/load-tables.ts";
import { movingColumn, sameRow } from "../tables/same-row.ts";

/** Rows written. */
export interface Applied {
  readonly inserted: number;
  readonly updated: number;
}

/** What there is to write. */
interface Delta {
  readonly view: View;
  readonly tables: LoadTables;
  readonly classification: Classification;
  /** Whether the indexes of an empty table may be dropped until its rows are written, which keeps readers waiting. */
  readonly mayPutOffIndexes: boolean;
  /** Statements that write down what changes in a range of positions; run before its update, undone with it. */
  readonly changeLogs: readonly string[];
}

/** Writes the delta: updates the changed rows, inserts the new ones, touches nothing else. */
export async function applyDelta(
  transaction: Transaction,
  { view, tables, classification, mayPutOffIndexes, changeLogs }: Delta,
  onRefused: OnRefused,
): Promise<Applied> {
  // A deferred constraint would fail at COMMIT, when the row can no longer be found.
  await transaction.query("set constraints all immediate");
  if (classification.changed === 0) return { inserted: 0, updated: 0 };
  const { update, insert } = writers(transaction, { view, tables, classification, changeLogs });
  const indexed = [tables.stagingTable, ...classification.deltaTables];
  const write = async (run: Work<number>["run"]): Promise<number> => {
    const rows = await bisectRefused(transaction, tables, { source: tables.delta, indexed, run, onRefused });
    return rows.reduce((sum, count) => sum + count, 0);
  };
  const { changed, unchanged, allNew } = classification;
  if (allNew) {
    const inserted = mayPutOffIndexes
      ? await withIndexesPutOff(transaction, tables, changed, () => insert(ALL_ROWS, undefined))
      : undefined;
    return { updated: 0, inserted: inserted ?? (await write(insert)) };
  }
  const search = { keys: changed, rows: changed + unchanged };
  const updated = await withKeyLookups(transaction, view, tables, search, () => write(update));
  return { updated, inserted: await write(insert) };
}

/** Statements that write the changed and the new rows of a range of the delta; each returns how many it has written. */
function writers(
  transaction: Transaction,
  { view, tables, classification, changeLogs }: Omit<Delta, "mayPutOffIndexes">,
): Readonly<Record<"update" | "insert", Work<number>["run"]>> {
  const columns = insertedColumns(view, tables);
  const selected = columns.map((column) => `d.${column}`).join(", ");
  // A row that moves is on the server of its record by then.
  const updatable = updatableColumns(view).filter((column) => column !== movingColumn(view, tables));
  const updated = [...updatable, ...(tables.hasFingerprints ? [fingerprintColumn] : [])];
  const assignments = updated.map((column) => `${column} = d.${column}`);
  const noting = (note: NotePosition, position: string): string =>
    note === undefined ? "" : `and ${note(position)}`;
  const insertStatement = (note: NotePosition): string => `
      insert into ${tables.target} (${columns.join(", ")})
      select ${selected}
      from ${tables.delta} d
      where d.${isNewColumn} and ${isInRange("d")} ${noting(note, `d.${positionColumn}`)}`;
  // It depends on the row of the target, so that it is not evaluated before that is found.
  const found = `case when t.${updatable[0] ?? ""} is null then d.${positionColumn} else d.${positionColumn} end`;
  const updateStatement = (note: NotePosition): string => `
      update ${tables.target} t
      set ${assignments.join(", ")}
      from ${tables.delta} d
      where not d.${isNewColumn} and ${sameRow(view, tables, "d", "t")} and ${isInRange("d")}
        ${noting(note, found)}`;
  return {
    update: async (range, note) => {
      const parameters = rangeParameters(range);
      if (classification.moved > 0) await relocateMoved(transaction, view, tables, range);
      for (const changeLog of changeLogs) await transaction.query(changeLog, parameters);
      return (await transaction.query(updateStatement(note), parameters)).rowCount;
    },
    insert: async (range, note) =>
      (await transaction.query(insertStatement(note), rangeParameters(range))).rowCount,
  };
}
