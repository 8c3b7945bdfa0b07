import { readCopyRows } from "../../database/copy/copy-binary-reader.ts";
import type { Transaction } from "../../database/database.ts";
import { fingerprintColumn, type LoadTables, positionColumn } from "../tables/load-tables.ts";
import type { KnownRows } from "./known-rows.ts";

/** What the known rows come to, beside the staged ones. */
export interface KnownCounts {
  /** Known rows that stay as they are, and count for one record each. */
  readonly unchanged: number;
  /** Records that are not the last ones of their keys. */
  readonly duplicates: number;
  /** Staged rows among those, which are no longer in the staging table. */
  readonly removed: number;
}

/**
 * Decides between the records of known rows and staged rows with the same keys: the last one in the document wins. Each
 * staged row has a key of its own by now. Marks the known rows whose keys staged rows have.
 */
export async function settleKnownRows(
  transaction: Transaction,
  tables: LoadTables,
  { fingerprints, staged: stagedRows }: KnownRows,
): Promise<KnownCounts> {
  const seen = fingerprints.countSeen();
  const replaced: number[] = [];
  let stagedLater = 0;
  await readCopyRows(
    transaction.copyOut(
      `select ${positionColumn}, ${fingerprintColumn} from ${tables.matches}
       where ${fingerprintColumn} is not null`,
    ),
    2,
    (bytes, [position, fingerprint]) => {
      const staged = Number(bytes.readBigInt64BE(position));
      const row = fingerprints.rowOf(bytes, fingerprint as number);
      if (row !== undefined) stagedRows[row] = 1;
      const known = fingerprints.lastSeen(bytes, fingerprint as number);
      // Of the known ones the positions begin at 0.
      if (known === undefined) return;
      if (known + 1 > staged) replaced.push(staged);
      else stagedLater += 1;
    },
  );
  if (replaced.length > 0) {
    for (const table of [tables.stagingTable, tables.matches]) {
      await transaction.query(`delete from ${table} where ${positionColumn} = any($1::bigint[])`, [replaced]);
    }
  }
  return {
    unchanged: seen.rows - stagedLater,
    duplicates: seen.records - seen.rows + replaced.length + stagedLater,
    removed: replaced.length,
  };
}
