import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { keyColumns, type View } from "../views/view.ts";
import type { StagedDocument } from "./stage-document.ts";
import { type LoadTables, sameKey, sharedColumns, sqlTypeOf } from "./staging.ts";
import { buildIndexes, dropIndexes, isOwner, readIndexes, type TargetIndex } from "./target-indexes.ts";

/** An empty table that can take the rows of a document themselves. */
export interface EmptyTable {
  readonly indexes: readonly TargetIndex[];
  /** Which of the view's columns are texts that an index holds, by their place in the view. */
  readonly indexedTexts: readonly number[];
}

/** An entry of an index has a third of a page at most; texts that are together shorter than this always fit. */
const MAX_INDEXED_TEXT_BYTES = 2000;

/** So many of all keys the filter may suspect wrongly (see `repeated-keys.ts`); more are repeated for certain. */
const WRONGLY_SUSPECTED = 0.002;

const UNIQUE_VIOLATION = "23505";

/** The table does not take all rows as they are; which ones only staging can tell. */
export class TableNotFilled extends Error {
  override readonly name = "TableNotFilled";
}

/**
 * Whether the rows of a document may go into the table themselves, without staging. That saves a first load the largest
 * part of what it writes.
 *
 * Only where nothing can go wrong on the way that staging is there for: the table is ours, it can hold rows of the view
 * and nothing else, no constraint, trigger or column that must not be null hangs on it, and it has no room for rows but
 * at its end, so that they will lie in the order of the document.
 */
export async function findEmptyTable(
  transaction: Transaction,
  view: View,
  { target }: LoadTables,
): Promise<EmptyTable | undefined> {
  if (!(await isOwner(transaction, target)) || !(await isPlainAndEmpty(transaction, view, target))) {
    return undefined;
  }
  const indexes = await readIndexes(transaction, target);
  if (indexes.some((index) => index.special || !index.plain)) return undefined;
  const indexed = new Set(indexes.flatMap((index) => index.columns));
  const indexedTexts = view.columns.flatMap(({ name, type }, index) =>
    type === "text" && indexed.has(name) ? [index] : [],
  );
  return { indexes, indexedTexts };
}

/**
 * Takes the table away from everybody else and drops its indexes, until the rows are in.
 *
 * @returns false, having changed nothing, when somebody reads it or something else hangs on an index
 */
export async function openEmptyTable(
  transaction: Transaction,
  view: View,
  { target }: LoadTables,
  { indexes }: EmptyTable,
): Promise<boolean> {
  try {
    await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in access exclusive mode nowait`);
      // Somebody who does not know of the view's lock may have written to it since it was found.
      if (!(await isPlainAndEmpty(transaction, view, target))) throw new TableNotFilled("it is not empty");
      await dropIndexes(transaction, target, indexes);
    });
    return true;
  } catch (error) {
    if (error instanceof TableNotFilled) return false;
    if (!(error instanceof DatabaseError) || error.isConnectionProblem || error.isConflict) throw error;
    return false;
  }
}

/** Whether rows of the view are all that the table can hold, and it holds none and never did since it was truncated. */
async function isPlainAndEmpty(transaction: Transaction, view: View, target: string): Promise<boolean> {
  const expected = [
    ...view.columns.map(({ name, type, key }) => ({
      name,
      type: sqlTypeOf(type),
      required: key === "required",
    })),
    { name: "extra", type: "jsonb", required: false },
  ];
  const { rows } = await transaction.query<{ plain: boolean }>(
    `select pg_relation_size(c.oid) = 0
       and c.relkind = 'r' and not c.relhastriggers and not c.relhasrules and not c.relrowsecurity
       and not c.relhassubclass and not c.relispartition
       and not exists (select from pg_inherits where inhrelid = c.oid)
       and not exists (select from pg_constraint where conrelid = c.oid and contype not in ('p', 'u', 'n'))
       and not exists (
         select from pg_attribute a
         left join jsonb_to_recordset($2::text::jsonb) as expected (name text, type text, required boolean)
           on expected.name = a.attname
         left join pg_collation on pg_collation.oid = a.attcollation
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           and (
             expected.name is null
             or a.atttypid <> expected.type::regtype or a.atttypmod <> -1
             or a.attgenerated <> '' or a.attidentity <> ''
             or (a.attnotnull and not expected.required)
             or not coalesce(collisdeterministic, true)
           )
       ) as plain
     from pg_class c
     where c.oid = $1::text::regclass`,
    [target, JSON.stringify(expected)],
  );
  return rows[0]?.plain === true;
}

/** What stands between COPY and FROM when the rows go into the table itself. */
export function fillTarget(view: View, { target }: LoadTables): string {
  return `${target} (${sharedColumns(view).join(", ")})`;
}

/**
 * Finishes a table that has taken the rows of a document: removes repeated ones, and builds its indexes.
 *
 * @returns how many rows had a key that came again
 * @throws TableNotFilled
 */
export async function closeFilledTable(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { indexes }: EmptyTable,
  document: Pick<StagedDocument, "staged" | "suspected" | "longestIndexedTexts">,
): Promise<number> {
  const { staged, suspected, longestIndexedTexts } = document;
  if (longestIndexedTexts > MAX_INDEXED_TEXT_BYTES) {
    throw new TableNotFilled(`a row has ${longestIndexedTexts} bytes of text in indexed columns`);
  }
  try {
    // A few suspicions among millions of keys are wrong, as a rule: grouping all keys would take longer than all else.
    const isUnlikely = suspected <= staged * WRONGLY_SUSPECTED && indexes.some((index) => isKey(view, index));
    if ((suspected === 0 || isUnlikely) && (await isBuilt(transaction, tables, indexes))) return 0;
    const repeated = await removeRepeatedRows(transaction, view, tables);
    await buildIndexes(transaction, tables.target, indexes);
    return repeated;
  } catch (error) {
    if (!(error instanceof DatabaseError) || !error.refusesRow) throw error;
    throw new TableNotFilled(error.message, { cause: error });
  }
}

/** Whether an index cannot be built while two rows have the same key. */
function isKey(view: View, { unique, nullsNotDistinct, columns }: TargetIndex): boolean {
  const keys = keyColumns(view);
  return (
    unique &&
    columns.length === keys.length &&
    keys.every(({ name, key }) => columns.includes(name) && (key === "required" || nullsNotDistinct))
  );
}

/** Builds the indexes. @returns false, having built none, when a key is there twice */
async function isBuilt(
  transaction: Transaction,
  { target }: LoadTables,
  indexes: readonly TargetIndex[],
): Promise<boolean> {
  try {
    await transaction.savepoint(() => buildIndexes(transaction, target, indexes));
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.sqlState === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

/** Of several rows with one key all but the last go; the rows lie in the order of the document. */
async function removeRepeatedRows(
  transaction: Transaction,
  view: View,
  { target }: LoadTables,
): Promise<number> {
  const keys = keyColumns(view)
    .map((column) => quoteIdentifier(column.name))
    .join(", ");
  const removed = await transaction.query(
    `delete from ${target} t
     using (select ${keys}, max(ctid) as last from ${target} group by ${keys} having count(*) > 1) repeated
     where ${sameKey(view, "t", "repeated")} and t.ctid < repeated.last`,
  );
  return removed.rowCount;
}
