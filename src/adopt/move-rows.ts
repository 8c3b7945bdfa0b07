import type { Transaction } from "../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import { type Column, keyColumns, type View } from "../views/view.ts";
import type { Report } from "./adoption-step.ts";
import { type ColumnShape, readShape } from "./table-shape.ts";

/** The reason of a move, a column of only the table that rows are moved to. */
const REASON = "etl_reason";

/** A pattern of PostgreSQL for the spellings of a time of day. */
const TIME_OF_DAY = "^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?$";

/** The reasons in words. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  duplicate: "a newer row has the same key",
  missing_key: "the key lacks a column that it must have",
};

/**
 * Moves the rows that violate the view's key to `<table>_duplicates`: those without a key, and all but the newest of those
 * with the same key. The newest row is the one with the highest version column, if the view has one, and then the one that
 * was inserted last.
 */
export async function moveRows(transaction: Transaction, view: View, report: Report): Promise<void> {
  const table = qualifiedName(transaction.schema, view.table);
  const leaving = qualifiedName(transaction.schema, "etl_leaving");
  const key = keyColumns(view).map(keyValue).join(", ");
  await transaction.query(
    `create unlogged table ${leaving} as
     select part, place, ${REASON}
     from (
       select tableoid as part, ctid as place,
         case
           when ${missingKey(view)} then 'missing_key'
           when row_number() over (partition by ${key} order by ${newestFirst(view)}) > 1 then 'duplicate'
         end as ${REASON}
       from ${table}
     ) judged
     where ${REASON} is not null`,
  );
  const { rows } = await transaction.query<{ reason: string; count: number }>(
    `select ${REASON} as "reason", count(*) as "count" from ${leaving} group by 1 order by 1`,
  );
  if (rows.length > 0) {
    const name = `${view.table}_duplicates`;
    await moveTo(transaction, qualifiedName(transaction.schema, name), table, leaving);
    for (const { reason, count } of rows) {
      report({ change: "rows_moved", subject: name, rows: count, detail: EXPLANATIONS[reason] ?? reason });
    }
  }
  await transaction.query(`drop table ${leaving}`);
  await clearEmptyKeys(transaction, table, view, report);
}

/** Sets empty key values to null. It runs last, because an update moves a row, and its place shows its age. */
async function clearEmptyKeys(
  transaction: Transaction,
  table: string,
  view: View,
  report: Report,
): Promise<void> {
  for (const { name } of keyColumns(view).filter(({ type, key }) => type === "text" && key === "nullable")) {
    const column = quoteIdentifier(name);
    const { rowCount } = await transaction.query(`update ${table} set ${column} = null where ${column} = ''`);
    if (rowCount > 0)
      report({ change: "empty_keys_cleared", subject: name, rows: rowCount, detail: "'' → null" });
  }
}

async function moveTo(
  transaction: Transaction,
  duplicates: string,
  table: string,
  leaving: string,
): Promise<void> {
  const { columns } = await readShape(transaction, table);
  const { rows } = await transaction.query<{ exists: boolean }>(
    "select to_regclass($1) is not null as exists",
    [duplicates],
  );
  if (rows[0]?.exists === true) await checkFit(transaction, duplicates, columns);
  else await createLike(transaction, duplicates, columns);
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  await transaction.query(
    `with moved as (
       delete from ${table} t using ${leaving} l
       where t.tableoid = l.part and t.ctid = l.place
       returning t.*, l.${REASON}
     )
     insert into ${duplicates} (${names}, ${REASON}) select ${names}, ${REASON} from moved`,
  );
}

async function createLike(
  transaction: Transaction,
  duplicates: string,
  columns: readonly ColumnShape[],
): Promise<void> {
  const definitions = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`);
  await transaction.query(`create table ${duplicates} (${definitions.join(", ")}, ${REASON} text not null)`);
}

/** Checks a table that exists from an earlier attempt, to which rows are added. */
async function checkFit(
  transaction: Transaction,
  duplicates: string,
  columns: readonly ColumnShape[],
): Promise<void> {
  const shape = await readShape(transaction, duplicates);
  const missing = [...columns, { name: REASON, type: "text" }].filter(
    ({ name, type }) => !shape.columns.some((column) => column.name === name && column.type === type),
  );
  if (missing.length === 0) return;
  const lacks = missing.map(({ name, type }) => `no ${quoteIdentifier(name)} of type ${type}`);
  throw new OtcError(
    "migration",
    `${duplicates} exists already, but has ${lacks.join(", ")}: so rows cannot be moved there.`,
    { remedy: "Rename that table, and adopt again." },
  );
}

/** The key value as a load reads it: an empty text is null, and a time of day has one spelling. */
function keyValue({ name, type, isTimeOfDay }: Column): string {
  const column = quoteIdentifier(name);
  if (isTimeOfDay === true) return `nullif(${respelledTime(column)}, '')`;
  return type === "text" ? `nullif(${column}, '')` : column;
}

/** As `views/values/time-of-day.ts` decides it, and migration 0024, which then respells the rows that stay. */
function respelledTime(text: string): string {
  const withTwoDigits = `regexp_replace(split_part(${text}, '.', 1), '^(.):', '0\\1:')`;
  return `case when ${text} ~ '${TIME_OF_DAY}' then regexp_replace(${withTwoDigits}, '^(.{5}):00$', '\\1') else ${text} end`;
}

function missingKey(view: View): string {
  return keyColumns(view)
    .filter(({ key }) => key === "required")
    .map((column) => `${keyValue(column)} is null`)
    .join(" or ");
}

function newestFirst(view: View): string {
  const changed = view.columns.filter(({ versionColumn }) => versionColumn);
  return [...changed.map(({ name }) => `${quoteIdentifier(name)} desc nulls last`), "ctid desc"].join(", ");
}
