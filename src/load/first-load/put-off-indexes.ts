import { isDivided } from "../../database/table-backend.ts";
import type { Transaction } from "../../database/database.ts";
import { DatabaseError } from "../../database/database-error.ts";
import { isOwnTrigger } from "./fill-empty-table.ts";
import type { LoadTables } from "../tables/load-tables.ts";
import {
  buildIndexes,
  dropIndexes,
  isOwner,
  keepNames,
  readIndexes,
  readPartitionIndexes,
} from "./target-indexes.ts";

/** Dropping and building the indexes for fewer rows costs about as much as keeping them up. */
const MIN_ROWS = 10_000;

/** Another session has the table open, or the server has no room for the locks of so many indexes. */
const IN_THE_WAY = new Set(["55P03", "53200"]);

/**
 * Writes the staged rows of a first load into the empty table before its indexes, which are dropped for that and built again
 * over all rows: of a table that the rows cannot go into directly.
 *
 * @param rows how many there are
 * @param write writes them, in one statement
 * @returns what `write` has returned; undefined when nothing has been changed, because the indexes have to stay or refuse a row
 */
export async function withIndexesPutOff<T>(
  transaction: Transaction,
  { target, backend }: LoadTables,
  rows: number,
  write: () => Promise<T>,
): Promise<T | undefined> {
  if (rows < MIN_ROWS || !backend.putsOffIndexes || !(await isOwner(transaction, target))) return undefined;
  const indexes = await readIndexes(transaction, target);
  if (indexes.some(({ special }) => special) || !(await mayLackIndexes(transaction, target)))
    return undefined;
  const ofPartitions = await readPartitionIndexes(transaction, target);
  try {
    return await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in access exclusive mode nowait`);
      await dropIndexes(transaction, target, indexes);
      const result = await write();
      await buildIndexes(transaction, target, indexes);
      await keepNames(transaction, target, ofPartitions);
      return result;
    });
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.isTransient && !IN_THE_WAY.has(error.sqlState ?? "")) throw error;
    return undefined;
  }
}

/**
 * Whether no trigger of others may read the table by an index as each row is written, and the table is no hypertable, whose
 * chunks have indexes of their own.
 */
async function mayLackIndexes(transaction: Transaction, target: string): Promise<boolean> {
  const { rows } = await transaction.query<{ may: boolean }>(
    `select (c.relkind = 'p' or not ${isDivided("c")})
       and not exists (
         select from pg_trigger
         where tgrelid in (select c.oid union select relid from pg_partition_tree(c.oid))
           and not tgisinternal and not ${isOwnTrigger("pg_trigger")}
       ) as "may"
     from pg_class c where c.oid = $1::text::regclass`,
    [target],
  );
  return rows[0]?.may === true;
}
