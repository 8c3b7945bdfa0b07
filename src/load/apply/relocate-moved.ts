import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, type View } from "../../views/view.ts";
import { isInRange, rangeParameters, type RowRange } from "../tables/bisect-refused.ts";
import { type LoadTables, movedFromColumn } from "../tables/load-tables.ts";
import { movingColumn, sameKey } from "../tables/same-row.ts";

/**
 * Moves rows of the target to the servers of the records that replace them: an update cannot change the distribution value
 * of a row. Everything else in the row stays, so that the update after it finds the row as it was.
 */
export async function relocateMoved(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  range: RowRange,
): Promise<void> {
  const moving = movingColumn(view, tables);
  if (moving === undefined) return;
  const { target, delta } = tables;
  const keys = keyColumns(view).map(({ name }) => quoteIdentifier(name));
  const moved = `
    with moved as materialized (
      select ${keys.map((key) => `d.${key}`).join(", ")}, d.${moving}, d.${movedFromColumn} as origin
      from ${delta} d where d.${movedFromColumn} is not null and ${isInRange("d")}
    )`;
  const isMoved = `${sameKey(view, "moved", "t", tables.notTexts)} and t.${moving} = moved.origin`;
  const columns = await readColumns(transaction, target);
  const values = columns.map((column) => (column === moving ? `moved.${column}` : `t.${column}`));
  const parameters = rangeParameters(range);
  await transaction.query(
    `${moved}
     insert into ${target} (${columns.join(", ")}) overriding system value
     select ${values.join(", ")} from ${target} t join moved on ${isMoved}`,
    parameters,
  );
  await transaction.query(`${moved} delete from ${target} t using moved where ${isMoved}`, parameters);
}

/** The quoted columns that an insert may write. */
async function readColumns(transaction: Transaction, table: string): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ name: string }>(
    `select attname as "name" from pg_attribute
     where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
     order by attnum`,
    [table],
  );
  return rows.map(({ name }) => quoteIdentifier(name));
}
