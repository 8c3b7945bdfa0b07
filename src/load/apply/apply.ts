import type { Transaction } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { bisectRefused, type OnRefused, type PositionRange } from "../tables/bisect-refused.ts";
import { type Classification, isNewColumn } from "../classify/delta.ts";
import {
  type LoadTables,
  positionColumn,
  sameKey,
  fingerprintColumn,
  insertedColumns,
  updatableColumns,
} from "../tables/staging.ts";

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
  /** Statements that write down what changes in a range of positions; run before its update, undone with it. */
  readonly changeLogs: readonly string[];
}

/** Writes the delta: updates the changed rows, inserts the new ones, touches nothing else. */
export async function applyDelta(
  transaction: Transaction,
  { view, tables, classification, changeLogs }: Delta,
  onRefused: OnRefused,
): Promise<Applied> {
  // A deferred constraint would fail at COMMIT, when the row can no longer be found.
  await transaction.query("set constraints all immediate");
  const write = writer(transaction, view, tables, classification.allNew, changeLogs);
  if (classification.changed === 0) return { inserted: 0, updated: 0 };

  const applied = await bisectRefused(transaction, tables.delta, write, onRefused);
  return {
    inserted: applied.reduce((sum, { inserted }) => sum + inserted, 0),
    updated: applied.reduce((sum, { updated }) => sum + updated, 0),
  };
}

/** Writes a range of the delta. */
function writer(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  allNew: boolean,
  changeLogs: readonly string[],
): (range: PositionRange) => Promise<Applied> {
  const inRange = `d.${positionColumn} between $1 and $2`;
  const columns = insertedColumns(view, tables);
  const insert = `
      insert into ${tables.target} (${columns.join(", ")})
      select ${columns.map((column) => `d.${column}`).join(", ")}
      from ${tables.delta} d
      where d.${isNewColumn} and ${inRange}`;
  const updated = [...updatableColumns(view), ...(tables.hasFingerprints ? [fingerprintColumn] : [])];
  const assignments = updated.map((column) => `${column} = d.${column}`);
  const update = `
      update ${tables.target} t
      set ${assignments.join(", ")}
      from ${tables.delta} d
      where not d.${isNewColumn} and ${sameKey(view, "d", "t", tables.notTexts)} and ${inRange}`;
  return async ({ first, last }) => {
    let updated = 0;
    if (!allNew) {
      for (const changeLog of changeLogs) await transaction.query(changeLog, [first, last]);
      updated = (await transaction.query(update, [first, last])).rowCount;
    }
    const { rowCount: inserted } = await transaction.query(insert, [first, last]);
    return { inserted, updated };
  };
}
