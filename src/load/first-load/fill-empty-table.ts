import { isDivided } from "../../database/table-backend.ts";
import type { Transaction } from "../../database/database.ts";
import { DatabaseError } from "../../database/database-error.ts";
import { quoteLiteral } from "../../database/identifier.ts";
import { keyColumns, type ValueType, type View } from "../../views/view.ts";
import {
  DELETED_AT,
  EXTRA,
  FINGERPRINT,
  FINGERPRINT_TRIGGER,
  type LoadTables,
  sharedColumns,
  sqlTypeOf,
  WRITE_TRIGGER,
} from "../tables/load-tables.ts";
import { dropIndexes, isOwner, readIndexes, type TargetIndex } from "./target-indexes.ts";

/** An empty table that can take the rows of a document themselves. */
export interface EmptyTable {
  readonly indexes: readonly TargetIndex[];
  /** Which of the view's columns an index holds and have values of any length, by their place in the view. */
  readonly indexedColumns: readonly number[];
}

/** A table that was empty, and holds the rows of a document but for those that wait. */
export interface FilledTable {
  /** How many it holds; each has a key of its own. */
  readonly rows: number;
  /** What has to be built again. */
  readonly indexes: readonly TargetIndex[];
}

/** A condition that a trigger is one of ours, which refuse no row. @param trigger the alias of its row of pg_trigger */
export function isOwnTrigger(trigger: string): string {
  return `${trigger}.tgname in (${[FINGERPRINT_TRIGGER, WRITE_TRIGGER].map(quoteLiteral).join(", ")})`;
}

const TYPES_OF_ANY_LENGTH: readonly ValueType[] = ["text", "numeric"];

class NoLongerEmpty extends Error {
  override readonly name = "NoLongerEmpty";
}

/**
 * Whether the rows of a document may go into the table themselves, without staging. That saves a first load the largest
 * part of what it writes.
 *
 * Only where the table can refuse none of them: it is ours, it can hold rows of the view and nothing else, no constraint,
 * trigger or column that must not be null hangs on it, and what is unique in it is so when the keys are.
 */
export async function findEmptyTable(
  transaction: Transaction,
  view: View,
  { target, backend, hasFingerprints }: LoadTables,
): Promise<EmptyTable | undefined> {
  if (
    !backend.directFill ||
    !hasFingerprints ||
    !(await isOwner(transaction, target)) ||
    !(await isPlainAndEmpty(transaction, view, target))
  ) {
    return undefined;
  }
  const indexes = await readIndexes(transaction, target);
  if (!indexes.every((index) => takesEveryRow(view, index))) return undefined;
  const indexed = new Set(indexes.flatMap((index) => index.columns));
  const indexedColumns = view.columns.flatMap(({ name, type }, index) =>
    TYPES_OF_ANY_LENGTH.includes(type) && indexed.has(name) ? [index] : [],
  );
  return { indexes, indexedColumns };
}

/** Whether an index can be built again, and over any rows that have different keys and short values. */
function takesEveryRow(
  view: View,
  { special, plain, unique, columns, keyColumns: sorted }: TargetIndex,
): boolean {
  const names = view.columns.map(({ name }) => name);
  return (
    !special &&
    plain &&
    columns.every((column) => names.includes(column)) &&
    (!unique || keyColumns(view).every(({ name }) => sorted.includes(name)))
  );
}

/**
 * Locks the table exclusively and drops its indexes until the rows have been copied.
 *
 * @returns false, having changed nothing, when somebody reads it or something else hangs on an index
 */
export async function openEmptyTable(
  transaction: Transaction,
  view: View,
  { target, backend }: LoadTables,
  { indexes }: EmptyTable,
): Promise<boolean> {
  try {
    await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in access exclusive mode nowait`);
      // A session that does not take the lock of the view may have written to the table in the meantime.
      if (!(await isPlainAndEmpty(transaction, view, target))) throw new NoLongerEmpty();
      await dropIndexes(transaction, target, indexes);
      // Rows can be frozen only in a table that is truncated, although it is empty.
      if (backend.freezesRows) await transaction.query(`truncate ${target}`);
    });
    return true;
  } catch (error) {
    if (error instanceof NoLongerEmpty) return false;
    if (!(error instanceof DatabaseError) || error.isConnectionProblem || error.isConflict) throw error;
    return false;
  }
}

/**
 * Whether rows of the view are all that the table can hold, and it has no page yet: then nobody else can still see, or has
 * yet to commit, a row in it.
 */
async function isPlainAndEmpty(transaction: Transaction, view: View, target: string): Promise<boolean> {
  const expected = [
    ...view.columns.map(({ name, type, key }) => ({
      name,
      type: sqlTypeOf(type),
      required: key === "required",
    })),
    { name: EXTRA, type: "jsonb", required: false },
    { name: FINGERPRINT, type: "uuid", required: false },
    { name: DELETED_AT, type: "timestamptz", required: false },
  ];
  const { rows } = await transaction.query<{ plain: boolean }>(
    `select pg_relation_size(c.oid) = 0
       and c.relkind = 'r' and not c.relhasrules and not c.relrowsecurity
       and not exists (select from pg_trigger where tgrelid = c.oid and not ${isOwnTrigger("pg_trigger")})
       and not ${isDivided("c")}
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
