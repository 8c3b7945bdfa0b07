import type { Transaction } from "../../database/database.ts";
import type { View } from "../../views/view.ts";
import { fingerprintColumn, type LoadTables } from "../tables/load-tables.ts";
import { sameRow } from "../tables/same-row.ts";

/**
 * Counts the rows that differ from their record although they have its fingerprint. A load without `--full` would count
 * such a record as unchanged. There is none unless somebody changed rows while triggers were switched off.
 */
export async function countWrongFingerprints(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
): Promise<number> {
  const { rows } = await transaction.query<{ wrong: number }>(
    `select count(*)::integer as wrong
     from ${tables.delta} d join ${tables.target} t on ${sameRow(view, tables, "d", "t")}
     where d.${fingerprintColumn} = t.${fingerprintColumn}`,
  );
  return rows[0]?.wrong ?? 0;
}
