import type { Queryable, Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import { sameKey } from "../tables/same-row.ts";
import { archiveTable, keyJson, readMissingTable } from "./missing-check.ts";
import { moveBack, undelete } from "./restore-returned.ts";

/** A row that is missing at the source, as far as its place is concerned. */
interface PlacedRow {
  readonly missingId: number;
  readonly action: string | null;
}

/** The values of a missing row, by column, from the view's table or its archive; undefined when it is in neither. */
export async function readMissingValues(
  database: Queryable,
  view: View,
  { missingId, action }: PlacedRow,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const target = qualifiedName(database.schema, view.table);
  const { rows } = await database.query<{ values: Readonly<Record<string, unknown>> }>(
    action === "archived"
      ? `select to_jsonb(d) as "values" from ${qualifiedName(database.schema, archiveTable(view))} d where missing_id = $1`
      : `with k as materialized (
           select record.*
           from ${qualifiedName(database.schema, "etl_missing")} e
           cross join lateral jsonb_populate_record(null::${target}, e.record_key) record
           where e.missing_id = $1
         )
         select to_jsonb(t) as "values" from k join ${target} t on ${sameKey(view, "k", "t")}`,
    [missingId],
  );
  return rows[0]?.values;
}

/**
 * Puts a row that was removed as missing back into the view's table, where no load removes it again until OTC has sent it.
 *
 * @returns false when it could not be put back, because the table has a row with its key
 */
export async function restoreMissingRow(
  transaction: Transaction,
  view: View,
  { missingId, action }: PlacedRow,
): Promise<boolean> {
  const target = qualifiedName(transaction.schema, view.table);
  const entries = qualifiedName(transaction.schema, "etl_missing");
  await transaction.query(`lock table ${target} in share row exclusive mode`);
  const table = await readMissingTable(transaction, view, target);
  if (action === "archived") {
    return (await moveBack(transaction, view, target, table, [missingId], "restored")) === 1;
  }
  if (action === "soft-deleted") {
    const entry = `entry as materialized (select record_key from ${entries} where missing_id = ${missingId})`;
    const isRow = `${keyJson(view, "t")} in (select record_key from entry)`;
    const rows = { definitions: entry, condition: isRow };
    return (await undelete(transaction, view, target, table, rows, "restored")) === 1;
  }
  const { rowCount } = await transaction.query(
    `update ${entries} set action = 'restored', problem = null where missing_id = $1 and action is not null`,
    [missingId],
  );
  return rowCount === 1;
}
