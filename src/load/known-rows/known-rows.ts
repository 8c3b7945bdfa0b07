import { readCopyRows } from "../../database/copy-binary-reader.ts";
import type { Transaction } from "../../database/database.ts";
import { KnownFingerprints } from "../../json/known-fingerprints.ts";
import { fingerprintColumn } from "../tables/staging.ts";

/** The rows of a view's table whose records a load recognizes. */
export interface KnownRows {
  readonly fingerprints: KnownFingerprints;
  /** Of all fingerprints of the table at that moment. */
  readonly checksum: string;
}

const FINGERPRINT_BYTES = 16;

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
 * @returns undefined when there are none, or more than the limit
 */
export async function readKnownRows(
  transaction: Transaction,
  target: string,
  limit: number,
): Promise<KnownRows | undefined> {
  let known: KnownRows | undefined;
  try {
    await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in share row exclusive mode`);
      const fingerprints = await readFingerprints(transaction, target, limit);
      if (fingerprints !== undefined) {
        known = { fingerprints, checksum: await readChecksum(transaction, target) };
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
 * @throws KnownRowsChanged
 */
export async function requireSameFingerprints(
  transaction: Transaction,
  target: string,
  { checksum }: KnownRows,
): Promise<void> {
  if ((await readChecksum(transaction, target)) === checksum) return;
  throw new KnownRowsChanged("rows of the table were changed while the document was read");
}

async function readFingerprints(
  transaction: Transaction,
  target: string,
  limit: number,
): Promise<KnownFingerprints | undefined> {
  const fingerprints = new KnownFingerprints(limit);
  const copied = transaction.copyOut(
    `select ${fingerprintColumn} from ${target} where ${fingerprintColumn} is not null limit ${limit + 1}`,
  );
  let rows = 0;
  await readCopyRows(copied, [FINGERPRINT_BYTES], (bytes, [offset]) => {
    fingerprints.add(bytes, offset as number);
    rows += 1;
  });
  return rows > limit || rows === 0 ? undefined : fingerprints;
}

async function readChecksum(transaction: Transaction, target: string): Promise<string> {
  const { rows } = await transaction.query<{ checksum: string }>(
    `select concat(count(*), ' ', sum(uuid_hash_extended(${fingerprintColumn}, 0))) as checksum
     from ${target} where ${fingerprintColumn} is not null`,
  );
  return rows[0]?.checksum ?? "";
}
