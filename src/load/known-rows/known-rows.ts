import { readCopyRows } from "../../database/copy-binary-reader.ts";
import type { Transaction } from "../../database/database.ts";
import { KnownFingerprints } from "../../json/known-fingerprints.ts";
import { fingerprintColumn } from "../tables/staging.ts";

/** The rows of a view's table whose records a load recognizes. */
export interface KnownRows {
  readonly fingerprints: KnownFingerprints;
  /** Of all fingerprints of the table at that moment. */
  readonly checksum: string;
  /** The rows' values of a time, in seconds since 1970, in the order of the fingerprints; NaN where there is none. */
  readonly times: Float64Array | undefined;
  /** 1 for each row whose key a staged row has; known only after `settleKnownRows`. */
  readonly staged: Uint8Array;
}

const FINGERPRINT_BYTES = 16;
const TIME_BYTES = 8;

/** Rows of the table were changed by another session while the document was read, so the known rows are not known. */
export class KnownRowsChanged extends Error {
  override readonly name = "KnownRowsChanged";
}

/** Ends a savepoint, and with it the lock taken there. */
class Unlock extends Error {}

/**
 * Reads the fingerprints of a table. Writers wait meanwhile and no longer: what they write afterwards is found by
 * `requireSameFingerprints`.
 *
 * @param target quoted
 * @param limit the most rows that are read
 * @param time an expression for a time of each row, in seconds; undefined when no time is needed
 * @returns undefined when there are none, or more than the limit
 */
export async function readKnownRows(
  transaction: Transaction,
  target: string,
  limit: number,
  time: string | undefined,
): Promise<KnownRows | undefined> {
  let known: KnownRows | undefined;
  try {
    await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in share row exclusive mode`);
      const read = await readFingerprints(transaction, target, limit, time);
      if (read !== undefined) {
        const { checksum } = await readChecksum(transaction, target);
        known = { ...read, checksum, staged: new Uint8Array(read.fingerprints.size) };
      }
      throw new Unlock();
    });
  } catch (error) {
    if (!(error instanceof Unlock)) throw error;
  }
  return known;
}

/**
 * Checks that nobody has changed a row with a fingerprint since the known rows were read. The table has to be locked
 * against writers.
 *
 * @returns how many rows have no fingerprint
 * @throws KnownRowsChanged
 */
export async function requireSameFingerprints(
  transaction: Transaction,
  target: string,
  { checksum }: KnownRows,
): Promise<number> {
  const now = await readChecksum(transaction, target);
  if (now.checksum === checksum) return now.unmarked;
  throw new KnownRowsChanged("rows of the table were changed while the document was read");
}

async function readFingerprints(
  transaction: Transaction,
  target: string,
  limit: number,
  time: string | undefined,
): Promise<Pick<KnownRows, "fingerprints" | "times"> | undefined> {
  const fingerprints = new KnownFingerprints(limit);
  const times = new TimeList();
  const values = time === undefined ? "" : `, coalesce(${time}, 'NaN')`;
  const copied = transaction.copyOut(
    `select ${fingerprintColumn}${values} from ${target} where ${fingerprintColumn} is not null limit ${limit + 1}`,
  );
  const lengths = time === undefined ? [FINGERPRINT_BYTES] : [FINGERPRINT_BYTES, TIME_BYTES];
  let rows = 0;
  await readCopyRows(copied, lengths, (bytes, [offset, timeOffset]) => {
    fingerprints.add(bytes, offset as number);
    if (timeOffset !== undefined) times.add(bytes.readDoubleBE(timeOffset));
    rows += 1;
  });
  if (rows > limit || rows === 0) return undefined;
  return { fingerprints, times: time === undefined ? undefined : times.values };
}

/** Times that come one by one. */
class TimeList {
  #values = new Float64Array(1024);
  #size = 0;

  add(time: number): void {
    if (this.#size === this.#values.length) {
      const longer = new Float64Array(2 * this.#size);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#size] = time;
    this.#size += 1;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#size);
  }
}

async function readChecksum(
  transaction: Transaction,
  target: string,
): Promise<{ readonly checksum: string; readonly unmarked: number }> {
  const { rows } = await transaction.query<{ checksum: string; unmarked: number }>(
    `select concat(count(${fingerprintColumn}), ' ', sum(uuid_hash_extended(${fingerprintColumn}, 0))) as "checksum",
       count(*) - count(${fingerprintColumn}) as "unmarked"
     from ${target}`,
  );
  return rows[0] ?? { checksum: "", unmarked: 0 };
}
