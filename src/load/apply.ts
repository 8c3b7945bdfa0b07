import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import type { View } from "../views/view.ts";
import { insertWithDeferredIndexes } from "./deferred-indexes.ts";
import { type Classification, isNewColumn } from "./delta.ts";
import { type LoadTables, positionColumn, sameKey, sharedColumns, updatableColumns } from "./staging.ts";

/** Rows written. */
export interface Applied {
  readonly inserted: number;
  readonly updated: number;
}

/** A range of positions in the document, both ends included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** Told of a row the database refused; throws when there are too many. */
type OnRefused = (position: number, error: DatabaseError) => Promise<void>;

/** What there is to write. */
interface Delta {
  readonly view: View;
  readonly tables: LoadTables;
  readonly classification: Classification;
  /** Statements that write down what changes in a range of positions; run before its update, undone with it. */
  readonly changeLogs: readonly string[];
}

/**
 * Writes the delta: updates the changed rows, inserts the new ones, touches nothing else.
 *
 * When the database refuses a row (a constraint, a trigger), the range is halved until the row stands alone: a savepoint
 * for each half, so that k refused of n rows cost about k·log2(n) savepoints and not n.
 *
 * @param onDecision told how the indexes of an empty table are built
 */
export async function applyDelta(
  transaction: Transaction,
  { view, tables, classification, changeLogs }: Delta,
  onRefused: OnRefused,
  onDecision: (decision: string) => void,
): Promise<Applied> {
  // A deferred constraint would refuse at COMMIT, when it is too late to find the row.
  await transaction.query("set constraints all immediate");
  const write = writer(transaction, view, tables, classification.allNew, changeLogs);
  if (classification.differing === 0) return { inserted: 0, updated: 0 };
  const everything = { first: 0, last: Number.MAX_SAFE_INTEGER };

  if (classification.allNew) {
    const { differing } = classification;
    const applied = await insertWithDeferredIndexes(
      transaction,
      tables.target,
      differing,
      () => write(everything),
      onDecision,
    );
    if (applied !== undefined) return applied;
  }

  const applyRange = async (range: Range): Promise<Applied> => {
    try {
      return await transaction.savepoint(() => write(range));
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.refusesRow) throw error;
      return bisect(range, error);
    }
  };

  const bisect = async (range: Range, error: DatabaseError): Promise<Applied> => {
    const content = await deltaRange(transaction, tables, range);
    if (content === undefined) throw error;
    if (content.first === content.last) {
      await onRefused(content.first, error);
      return { inserted: 0, updated: 0 };
    }
    const middle = Math.floor((content.first + content.last) / 2);
    const left = await applyRange({ first: content.first, last: middle });
    const right = await applyRange({ first: middle + 1, last: content.last });
    return { inserted: left.inserted + right.inserted, updated: left.updated + right.updated };
  };

  return applyRange(everything);
}

/** Writes a range of the delta. */
function writer(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  allNew: boolean,
  changeLogs: readonly string[],
): (range: Range) => Promise<Applied> {
  const inRange = `d.${positionColumn} between $1 and $2`;
  const columns = sharedColumns(view);
  const insert = `
      insert into ${tables.target} (${columns.join(", ")})
      select ${columns.map((column) => `d.${column}`).join(", ")}
      from ${tables.delta} d
      where d.${isNewColumn} and ${inRange}`;
  const assignments = updatableColumns(view).map((column) => `${column} = d.${column}`);
  const update = `
      update ${tables.target} t
      set ${assignments.join(", ")}
      from ${tables.delta} d
      where not d.${isNewColumn} and ${sameKey(view, "d", "t")} and ${inRange}`;
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

/** The first and last position the delta has within a range; undefined when it has none. */
async function deltaRange(
  transaction: Transaction,
  tables: LoadTables,
  range: Range,
): Promise<Range | undefined> {
  const { rows } = await transaction.query<{ first: number | null; last: number | null }>(
    `select min(${positionColumn}) as first, max(${positionColumn}) as last
     from ${tables.delta} where ${positionColumn} between $1 and $2`,
    [range.first, range.last],
  );
  const { first, last } = rows[0] ?? { first: null, last: null };
  return first === null || last === null ? undefined : { first, last };
}
