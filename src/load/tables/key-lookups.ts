import type { Transaction } from "../../database/database.ts";
import { keyColumns, type View } from "../../views/view.ts";
import type { LoadTables } from "./load-tables.ts";
import { withIndexLookups } from "./planner-settings.ts";

/** Of a table with so many times the rows whose keys are looked for, an index finds them sooner than a hash join. */
const MANY = 20;

/** Whether an index finds the rows of a table with these keys sooner than a hash join. */
export function areFew(keys: number, rows: number): boolean {
  return keys * MANY < rows;
}

/** How many rows are looked for, in how many. */
interface Search {
  readonly keys: number;
  /** Of the target, about. */
  readonly rows: number;
}

/**
 * Runs statements that join rows of the load with those of the target by their keys, and with nothing else.
 *
 * The planner finds out by itself that an index is best, except where the target has many partitions: it counts the look-up
 * of each key in all of them, although at run time only the one is looked into that the key says. It would read the whole
 * table, in the order of its indexes, which takes ten times as long.
 */
export async function withKeyLookups<T>(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { keys, rows }: Search,
  work: () => Promise<T>,
): Promise<T> {
  const isTold =
    tables.backend.overratesLookups && areFew(keys, rows) && (await hasKeyIndex(transaction, view, tables));
  return isTold ? withIndexLookups(transaction, work) : work();
}

/** Whether an index of the target begins with the columns of the key that are always there. */
async function hasKeyIndex(transaction: Transaction, view: View, { target }: LoadTables): Promise<boolean> {
  const required = keyColumns(view)
    .filter(({ key }) => key === "required")
    .map(({ name }) => name);
  const { rows } = await transaction.query<{ indexed: boolean }>(
    `select exists (
       select from pg_index i join pg_class index on index.oid = i.indexrelid
       where i.indrelid = $1::text::regclass and i.indisvalid and i.indpred is null
         and index.relam = (select oid from pg_am where amname = 'btree')
         and $2::text[] <@ array(
           select attname::text from pg_attribute a
           where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[:cardinality($2::text[]) - 1])
         )
     ) as "indexed"`,
    [target, required],
  );
  return rows[0]?.indexed === true;
}
