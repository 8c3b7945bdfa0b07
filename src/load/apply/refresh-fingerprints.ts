import type { Transaction } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { fingerprintColumn, type LoadTables } from "../tables/load-tables.ts";
import { sameRecord, sameRow } from "../tables/same-row.ts";

/**
 * Writes the fingerprints of rows that were compared and found unchanged, so that the next load recognizes their records.
 *
 * @returns how many rows were written
 */
export async function refreshFingerprints(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
): Promise<number> {
  const { rowCount } = await transaction.query(
    `update ${tables.target} t
     set ${fingerprintColumn} = s.${fingerprintColumn}
     from ${tables.staging} s
     where ${sameRow(view, tables, "s", "t")}
       and s.${fingerprintColumn} is not null and t.${fingerprintColumn} is distinct from s.${fingerprintColumn}
       and not exists (select from ${tables.delta} d where ${sameRecord(tables, "d", "s")})`,
  );
  return rowCount;
}
