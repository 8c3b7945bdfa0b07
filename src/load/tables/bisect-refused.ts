import { DatabaseError } from "../../database/database-error.ts";
import type { Transaction } from "../../database/database.ts";
import { positionColumn } from "./staging.ts";

/** A range of positions in the document, both ends included. */
export interface PositionRange {
  readonly first: number;
  readonly last: number;
}

const ALL_POSITIONS: PositionRange = { first: 0, last: Number.MAX_SAFE_INTEGER };

/** Told of a row the database refused; throws when there are too many. */
export type OnRefused = (position: number, error: DatabaseError) => Promise<void>;

/**
 * Does `work` for all rows of a table except those that the database refuses (by a constraint, a trigger or a cast).
 *
 * When it refuses a row, the range is halved until the row stands alone: a savepoint for each half, so that k refused of
 * n rows cost about k·log2(n) savepoints and not n.
 *
 * @param table that holds the rows with their positions: the staging table or the delta
 * @param work for the rows whose position is in a range
 * @returns what it returned, for each range of which no row was refused
 */
export async function bisectRefused<T>(
  transaction: Transaction,
  table: string,
  work: (range: PositionRange) => Promise<T>,
  onRefused: OnRefused,
): Promise<readonly T[]> {
  const workOn = async (range: PositionRange): Promise<readonly T[]> => {
    try {
      return [await transaction.savepoint(() => work(range))];
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.isRowError) throw error;
      return bisect(range, error);
    }
  };

  const bisect = async (range: PositionRange, error: DatabaseError): Promise<readonly T[]> => {
    const content = await narrowed(transaction, table, range);
    if (content === undefined) throw error;
    if (content.first === content.last) {
      await onRefused(content.first, error);
      return [];
    }
    const middle = Math.floor((content.first + content.last) / 2);
    const left = await workOn({ first: content.first, last: middle });
    const right = await workOn({ first: middle + 1, last: content.last });
    return [...left, ...right];
  };

  return workOn(ALL_POSITIONS);
}

/** The first and last position that the table has within a range; undefined when it has none. */
async function narrowed(
  transaction: Transaction,
  table: string,
  range: PositionRange,
): Promise<PositionRange | undefined> {
  const { rows } = await transaction.query<{ first: number | null; last: number | null }>(
    `select min(${positionColumn}) as first, max(${positionColumn}) as last
     from ${table} where ${positionColumn} between $1 and $2`,
    [range.first, range.last],
  );
  const { first, last } = rows[0] ?? { first: null, last: null };
  return first === null || last === null ? undefined : { first, last };
}
