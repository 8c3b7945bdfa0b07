import { DatabaseError } from "../../database/database-error.ts";
import type { Parameter, Transaction } from "../../database/database.ts";
import { quoteLiteral } from "../../database/identifier.ts";
import { type LoadTables, positionColumn } from "./load-tables.ts";

/** Rows of a load, by their positions in the document. */
export interface RowRange {
  /** Both ends are included. */
  readonly first: number;
  readonly last: number;
  /** Positions of rows that are settled already. */
  readonly settled: readonly number[];
}

export const ALL_ROWS: RowRange = { first: 0, last: Number.MAX_SAFE_INTEGER, settled: [] };

/** A condition that a row is in a range, whose parameters are `$1` to `$3`. @param alias of the table with the positions */
export function isInRange(alias: string): string {
  const position = `${alias}.${positionColumn}`;
  return `${position} between $1 and $2 and ${position} <> all($3::bigint[])`;
}

export function rangeParameters({ first, last, settled }: RowRange): readonly Parameter[] {
  return [first, last, settled];
}

/** In ranges of up to this many rows, the row that the sequence notes is settled, and the others are handled again. */
const SMALL_RANGE = 128;

/** Told of a row the database refused; throws when there are too many. */
export type OnRefused = (position: number, error: DatabaseError) => Promise<void>;

/**
 * Makes a condition that notes a row's position. It belongs where a statement evaluates it for one row, then handles this
 * row, and only then goes on to the next row. Undefined when nothing is to be noted.
 *
 * @param position an SQL expression
 */
export type NotePosition = ((position: string) => string) | undefined;

/** Where the rows are, and what is done with them. */
export interface Work<T> {
  /** The table or database view with the rows and their positions. */
  readonly source: string;
  /** The tables behind it, and those that `onRefused` reads. */
  readonly indexed: readonly string[];
  readonly run: (range: RowRange, note: NotePosition) => Promise<T>;
  readonly onRefused: OnRefused;
}

/**
 * Does `work` for all rows of a table but those that the database refuses (a constraint, a trigger, a cast). If it refuses
 * none, that is one statement. Otherwise an index on the positions is made, and ranges with refused rows are halved.
 *
 * In small ranges, a sequence, which no rollback resets, notes the row that is being handled, and therefore the refused one.
 * It takes two savepoints to settle such a row. Where a refusal comes only at the end of a statement, the noted row is
 * not the refused one, and small ranges are halved as well. So the cost follows the number of refused rows.
 *
 * @returns what `run` returned, for each range of which no row was refused
 */
export async function bisectRefused<T>(
  transaction: Transaction,
  tables: LoadTables,
  work: Work<T>,
): Promise<readonly T[]> {
  try {
    return [await transaction.savepoint(() => work.run(ALL_ROWS, undefined))];
  } catch (error) {
    if (!isRowError(error)) throw error;
    return new Bisection(transaction, tables, work).run(error);
  }
}

class Bisection<T> {
  readonly #transaction: Transaction;
  readonly #lastRow: string;
  readonly #notesRows: boolean;
  readonly #work: Work<T>;
  readonly #results: T[] = [];

  constructor(transaction: Transaction, { lastRow, backend }: LoadTables, work: Work<T>) {
    this.#transaction = transaction;
    this.#lastRow = lastRow;
    this.#notesRows = backend.notesRows;
    this.#work = work;
  }

  async run(refusal: DatabaseError): Promise<readonly T[]> {
    const { indexed } = this.#work;
    await this.#transaction.query(`create sequence ${this.#lastRow} minvalue 0`);
    for (const table of indexed)
      await this.#transaction.query(`create index on ${table} (${positionColumn})`);
    await this.#split(ALL_ROWS, refusal, this.#notesRows);
    for (const table of indexed) await this.#dropIndexes(table);
    await this.#transaction.query(`drop sequence ${this.#lastRow}`);
    return this.#results;
  }

  /**
   * Finds the refused rows of a range, which was refused with this error, and handles the others.
   *
   * @param mayNote whether the noted row may be the refused one
   */
  async #split(range: RowRange, error: DatabaseError, mayNote: boolean): Promise<void> {
    const content = await this.#narrowed(range);
    if (content === undefined) throw error;
    if (content.first === content.last) await this.#work.onRefused(content.first, error);
    else if (mayNote && content.rows <= SMALL_RANGE) await this.#settleNoted(content);
    else await this.#halve(content, mayNote);
  }

  async #halve({ first, last, settled }: RowRange, mayNote: boolean): Promise<void> {
    const middle = Math.floor((first + last) / 2);
    await this.#handle({ first, last: middle, settled }, mayNote);
    await this.#handle({ first: middle + 1, last, settled }, mayNote);
  }

  async #handle(range: RowRange, mayNote: boolean): Promise<void> {
    const refusal = await this.#attempt(range);
    if (refusal !== undefined) await this.#split(range, refusal, mayNote);
  }

  /** Settles one noted row after the other, as long as they are the refused ones. */
  async #settleNoted(content: RowRange): Promise<void> {
    let range = content;
    for (;;) {
      await this.#transaction.query("select setval($1::text::regclass, 0)", [this.#lastRow]);
      if ((await this.#attempt(range, this.#note)) === undefined) return;
      const { noted, last } = await this.#readNoted(range);
      // If all rows were handled, the refusal came at the end of the statement, or concerns the last of them.
      const isCandidate = noted >= range.first && noted < last && !range.settled.includes(noted);
      if (!isCandidate) return this.#halve(range, false);
      const refusal = await this.#attempt({ first: noted, last: noted, settled: [] });
      range = { ...range, settled: [...range.settled, noted] };
      if (refusal === undefined) return this.#handle(range, false);
      await this.#work.onRefused(noted, refusal);
    }
  }

  /** @returns the error, if a row of the range was refused */
  async #attempt(range: RowRange, note?: NotePosition): Promise<DatabaseError | undefined> {
    try {
      this.#results.push(await this.#transaction.savepoint(() => this.#work.run(range, note)));
      return undefined;
    } catch (error) {
      if (isRowError(error)) return error;
      throw error;
    }
  }

  readonly #note = (position: string): string =>
    `setval(${quoteLiteral(this.#lastRow)}, ${position}) is not null`;

  /** The noted row, and the last one of the range. */
  async #readNoted(range: RowRange): Promise<{ readonly noted: number; readonly last: number }> {
    const { rows } = await this.#transaction.query<{ noted: number; last: number | null }>(
      `select (select last_value from ${this.#lastRow}) as noted, max(${positionColumn}) as last
       from ${this.#work.source} s
       where ${isInRange("s")}`,
      rangeParameters(range),
    );
    return { noted: rows[0]?.noted ?? 0, last: rows[0]?.last ?? 0 };
  }

  /** The range without what is empty at its ends; undefined when it has no row. */
  async #narrowed(range: RowRange): Promise<(RowRange & { readonly rows: number }) | undefined> {
    const { rows } = await this.#transaction.query<{ first: number; last: number; rows: number }>(
      `select min(${positionColumn}) as first, max(${positionColumn}) as last, count(*) as rows
       from ${this.#work.source} s
       where ${isInRange("s")}
       having count(*) > 0`,
      rangeParameters(range),
    );
    return rows[0] === undefined ? undefined : { ...range, ...rows[0] };
  }

  /** What follows reads all rows, and needs no index of them. */
  async #dropIndexes(table: string): Promise<void> {
    const { rows } = await this.#transaction.query<{ index: string }>(
      "select indexrelid::regclass::text as index from pg_index where indrelid = $1::text::regclass",
      [table],
    );
    for (const { index } of rows) await this.#transaction.query(`drop index ${index}`);
  }
}

function isRowError(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.isRowError;
}
