import { readCopyRows } from "../../database/copy/copy-binary-reader.ts";
import type { Backend } from "../../database/backend.ts";
import type { Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import { KnownFingerprints } from "../../json/known-fingerprints.ts";
import { lockAgainstWriters } from "../tables/lock-against-writers.ts";
import { fingerprintColumn } from "../tables/load-tables.ts";

/** How many rows a table has. */
export interface RowCounts {
  readonly rows: number;
  /** Those without a fingerprint. */
  readonly unmarked: number;
}

/** The rows of a view's table whose records a load recognizes. */
export interface KnownRows {
  readonly fingerprints: KnownFingerprints;
  /** Of the table at that moment. */
  readonly counts: RowCounts;
  /** Changes with each write to the table; undefined where that cannot be told. */
  readonly mark: string | undefined;
  /** The rows' values of a time, in the order of the fingerprints. */
  readonly times: TimeList | undefined;
  /** 1 for each row whose key a staged row has; known only after `settleKnownRows`. */
  readonly staged: Uint8Array;
}

/** The table whose rows may be known. */
export interface KnownTable {
  /** Quoted, with its schema. */
  readonly target: string;
  /** As `Fingerprinting` has it. */
  readonly writeCounter: string | undefined;
  readonly backend: Pick<Backend, "sumsRows">;
  /** The mark that the last load has left, where `backend.sumsRows`; undefined when it left none. */
  readonly lastMark: string | undefined;
}

/** Rows of the table were changed by another session while the document was read, so the known rows are not known. */
export class KnownRowsChanged extends Error {
  override readonly name = "KnownRowsChanged";
}

/** Ends a savepoint, and with it the lock taken there. */
class Unlock extends Error {}

/**
 * Reads the fingerprints of a table. Writers wait meanwhile and no longer: what they write afterwards is found by
 * `requireKnownRows`.
 *
 * @param limit the most rows that are read
 * @param time an expression for a time of each row, in seconds; undefined when no time is needed
 * @returns undefined when no row has one, the table has more rows than the limit, or it is not known how the last load has left it
 */
export async function readKnownRows(
  transaction: Transaction,
  table: KnownTable,
  limit: number,
  time: string | undefined,
): Promise<KnownRows | undefined> {
  const { target, backend, lastMark } = table;
  // Nothing clears the fingerprints of rows that others change.
  if (backend.sumsRows && lastMark === undefined) return undefined;
  let known: KnownRows | undefined;
  try {
    await transaction.savepoint(async () => {
      await lockAgainstWriters(transaction, target);
      const mark = backend.sumsRows ? lastMark : await markWrites(transaction, table);
      const fingerprints = new KnownFingerprints(limit);
      const times = time === undefined ? undefined : new TimeList();
      const values = time === undefined ? "" : `, coalesce(${time}, 'NaN')`;
      const counts = await readFingerprints(
        transaction,
        `select ${fingerprintColumn}${values} from ${target} limit ${limit + 1}`,
        time === undefined ? 1 : 2,
        (bytes, fingerprint, timeOffset) => {
          fingerprints.add(bytes, fingerprint);
          if (timeOffset !== undefined) times?.add(bytes.readDoubleBE(timeOffset));
        },
      );
      if (counts.rows <= limit && counts.rows > counts.unmarked) {
        const staged = new Uint8Array(fingerprints.size);
        known = { fingerprints, counts, mark, times, staged };
      }
      throw new Unlock();
    });
  } catch (error) {
    if (!(error instanceof Unlock)) throw error;
  }
  return known;
}

/**
 * Checks that the rows whose records have come in the document still have their fingerprints: that nobody has changed or
 * deleted one since the known rows were read. The table has to be locked against writers. Its rows are read again only if
 * somebody may have written to it.
 *
 * @param markNow the result of `markWrites` under the lock
 * @returns how many rows the table has now
 * @throws KnownRowsChanged
 */
export async function requireKnownRows(
  transaction: Transaction,
  { target, backend }: Pick<KnownTable, "target" | "backend">,
  { fingerprints, counts, mark }: KnownRows,
  markNow: string | undefined,
): Promise<RowCounts> {
  if (mark !== undefined && mark === markNow) return counts;
  if (backend.sumsRows) {
    throw new KnownRowsChanged("another session has written to the table since the last load");
  }
  const isPresent = new Uint8Array(fingerprints.size);
  const countsNow = await readFingerprints(
    transaction,
    `select ${fingerprintColumn} from ${target}`,
    1,
    (bytes, fingerprint) => {
      const row = fingerprints.rowOf(bytes, fingerprint);
      if (row !== undefined) isPresent[row] = 1;
    },
  );
  for (const [row, present] of isPresent.entries()) {
    if (present === 0 && fingerprints.timesSeen(row) > 0) {
      throw new KnownRowsChanged("rows of the table were changed while the document was read");
    }
  }
  return countsNow;
}

/**
 * What is another text after each write to a table: the number of statements that have written, or sums over the rows.
 * While the table is locked against writers, none is under way: one that comes later makes another mark later.
 */
export function markWrites(
  transaction: Transaction,
  { target, writeCounter, backend }: Omit<KnownTable, "lastMark">,
): Promise<string | undefined> {
  if (writeCounter !== undefined) return countWrites(transaction, writeCounter);
  return backend.sumsRows ? sumRows(transaction, target) : Promise.resolve(undefined);
}

async function countWrites(transaction: Transaction, counter: string): Promise<string | undefined> {
  const { rows } = await transaction.query<{ writes: string }>(
    `select ${qualifiedName(transaction.schema, "counted_writes")}($1::text::regclass)::text as writes`,
    [counter],
  );
  return rows[0]?.writes;
}

/**
 * Each version of a row has the number of the transaction that wrote it, on its server. A later one is larger, so whoever
 * inserts, or replaces as many rows as are deleted, makes the sum of a shard larger; who deletes only makes its number of rows
 * smaller. With one sum of all shards, a row deleted on one server could make up for a row inserted on another.
 */
async function sumRows(transaction: Transaction, target: string): Promise<string | undefined> {
  const { rows } = await transaction.query<{ sums: string }>(
    `select encode(sha256(convert_to(coalesce(string_agg(concat_ws(' ', shard, rows, sum), ',' order by shard), ''), 'UTF8')), 'hex')
       as sums
     from (select tableoid as shard, count(*) as rows, sum(xmin::text::bigint) as sum from ${target} group by 1) as shards`,
  );
  return rows[0]?.sums;
}

/** @param query its rows begin with a fingerprint, which may be null */
async function readFingerprints(
  transaction: Transaction,
  query: string,
  columns: number,
  onFingerprint: (bytes: Buffer, fingerprint: number, time: number | undefined) => void,
): Promise<RowCounts> {
  let rows = 0;
  let unmarked = 0;
  await readCopyRows(transaction.copyOut(query), columns, (bytes, offsets) => {
    rows += 1;
    const fingerprint = offsets[0];
    if (fingerprint === undefined) unmarked += 1;
    else onFingerprint(bytes, fingerprint, offsets[1]);
  });
  return { rows, unmarked };
}

/** So many times share a block, of a megabyte. One array would be copied to grow, and its copies add up to as much again. */
const BLOCK_TIMES = 128 * 1024;

/** Times that come one by one, in seconds since 1970; NaN where there is none. */
class TimeList {
  readonly #blocks: Float64Array[] = [];
  #size = 0;

  add(time: number): void {
    const at = this.#size % BLOCK_TIMES;
    if (at === 0) this.#blocks.push(new Float64Array(BLOCK_TIMES));
    (this.#blocks.at(-1) as Float64Array)[at] = time;
    this.#size += 1;
  }

  /** All times with their places, from 0. */
  *entries(): Generator<readonly [index: number, time: number]> {
    for (let index = 0; index < this.#size; index += 1) {
      const block = this.#blocks[Math.floor(index / BLOCK_TIMES)] as Float64Array;
      yield [index, block[index % BLOCK_TIMES] as number];
    }
  }
}
