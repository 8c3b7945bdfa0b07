import type { Transaction } from "../../database/database.ts";
import { readFrequentTexts } from "../../database/frequent-texts.ts";
import { quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import { wallTimeOf } from "../../database/wall-time.ts";
import { booleanSpelling } from "../../views/values/boolean.ts";
import type { TimeZone } from "../../views/values/time-zone.ts";
import { keyColumns, type View } from "../../views/view.ts";
import { bisectRefused, isInRange, type OnRefused, rangeParameters } from "./bisect-refused.ts";
import { type LoadTables, mayRepeatColumn, positionColumn, sharedColumns } from "./load-tables.ts";

/** A column of the target whose type is not the view's: of an adopted table, where analysts' views depend on it. */
interface OddColumn {
  readonly name: string;
  readonly staged: string;
  readonly actual: string;
}

/** What the column of an odd type would hold of a staged row. */
interface Cast extends OddColumn {
  /** The column itself, quoted, where the staged value can be compared with the target's and written as it is. */
  readonly expression: string;
}

/** The staged rows as the target would hold them. */
export interface TypedRows {
  /** The load's tables; what a row is compared with, and what is written, is then the same. */
  readonly tables: LoadTables;
  /** Whether rows with different keys may have the same one in the target's types. */
  readonly mergesKeys: boolean;
}

const INSTANT = "timestamp with time zone";

/**
 * The staged rows in the target's types. Where the target's columns have the view's types that is the staging table
 * itself; otherwise a view of it, which goes with it.
 *
 * @param zone of wall time in columns without one
 * @param onRefused told of a row whose value a column's type does not take at all; it leaves the staging table
 */
export async function inTargetTypes(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  zone: TimeZone,
  onRefused: OnRefused,
): Promise<TypedRows> {
  const casts: Cast[] = [];
  for (const column of await readOddColumns(transaction, tables)) {
    casts.push({ ...column, expression: await expressionOf(transaction, tables, column, zone) });
  }
  if (casts.length === 0) return { tables, mergesKeys: false };
  await removeRefused(transaction, tables, casts.filter(mayFail), onRefused);
  const mergesKeys = await changesKeys(transaction, view, tables, casts);
  const columns = sharedColumns(view).map((column) => {
    const cast = casts.find(({ name }) => quoteIdentifier(name) === column);
    return `${cast?.expression ?? column} as ${column}`;
  });
  // The loader compared the keys as OTC sent them. Where the types change them, every row may repeat a key.
  const mayRepeat = mergesKeys ? `true as ${mayRepeatColumn}` : mayRepeatColumn;
  await transaction.query(
    `create view ${tables.typed} as
     select ${[...columns, positionColumn, mayRepeat].join(", ")} from ${tables.staging}`,
  );
  const notTexts = casts.filter(({ staged, actual }) => staged === "text" && !isTextual(actual));
  const wallTimes = casts.filter(
    ({ staged, actual }) => staged === INSTANT && !actual.endsWith("with time zone"),
  );
  return {
    tables: {
      ...tables,
      staging: tables.typed,
      notTexts: new Set(notTexts.map(({ name }) => name)),
      wallTimes: new Map(wallTimes.map(({ name }) => [name, zone.name])),
    },
    mergesKeys,
  };
}

/** Whether a cast of a staged value may be an error: not every text is a date, not every number fits. */
function mayFail({ name, staged, expression }: Cast): boolean {
  return expression !== quoteIdentifier(name) && /^(text|numeric|bigint)$/.test(staged);
}

/** A view that fails for one row fails for all, so the rows whose casts are errors are looked for before. */
async function removeRefused(
  transaction: Transaction,
  tables: LoadTables,
  casts: readonly Cast[],
  onRefused: OnRefused,
): Promise<void> {
  if (casts.length === 0) return;
  const values = casts.map(({ expression }) => `count(${expression})`);
  const refused: number[] = [];
  await bisectRefused(transaction, tables, {
    source: tables.staging,
    indexed: [tables.stagingTable],
    run: (range, note) =>
      transaction.query(
        `select ${values.join(", ")}
         from ${tables.staging} s
         where ${isInRange("s")} ${note === undefined ? "" : `and ${note(positionColumn)}`}`,
        rangeParameters(range),
      ),
    onRefused: async (position, error) => {
      await onRefused(position, error);
      refused.push(position);
    },
  });
  if (refused.length === 0) return;
  await transaction.query(
    `delete from ${tables.staging} where ${positionColumn} in (select jsonb_array_elements_text($1::text::jsonb)::bigint)`,
    [JSON.stringify(refused)],
  );
}

/** Whether a key becomes another: a text loses spaces at its end, an instant its time of day. */
async function changesKeys(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  casts: readonly Cast[],
): Promise<boolean> {
  const keys = casts.filter(
    ({ name, expression }) =>
      expression !== quoteIdentifier(name) && keyColumns(view).some((column) => column.name === name),
  );
  // Values of other types cannot be compared with what was staged.
  if (keys.some(({ staged, actual }) => staged !== "text" || !isTextual(actual))) return true;
  if (keys.length === 0) return false;
  const changes = keys.map(
    ({ name, expression }) => `${expression} is distinct from ${quoteIdentifier(name)}`,
  );
  const { rows } = await transaction.query<{ changes: boolean }>(
    `select exists (select 1 from ${tables.staging} where ${changes.join(" or ")} limit 1) as changes`,
  );
  return rows[0]?.changes === true;
}

async function readOddColumns(transaction: Transaction, tables: LoadTables): Promise<readonly OddColumn[]> {
  const { rows } = await transaction.query<OddColumn>(
    `select s.attname as "name", format_type(s.atttypid, s.atttypmod) as "staged",
       format_type(t.atttypid, t.atttypmod) as "actual"
     from pg_attribute s
     join pg_attribute t on t.attname = s.attname and (t.atttypid, t.atttypmod) <> (s.atttypid, s.atttypmod)
     where s.attrelid = $1::text::regclass and t.attrelid = $2::text::regclass and s.attnum > 0 and t.attnum > 0`,
    [tables.staging, tables.target],
  );
  return rows;
}

/**
 * The staged value as the column would give it back. What only the writing can refuse, a number out of range or a text
 * too long, is left to it: it finds the row.
 */
async function expressionOf(
  transaction: Transaction,
  tables: LoadTables,
  column: OddColumn,
  zone: TimeZone,
): Promise<string> {
  const { staged, actual } = column;
  const name = quoteIdentifier(column.name);
  const isText = isTextual(actual);
  // A cast to a text of limited length would cut it off silently; the writing refuses it.
  const castTo = isText ? "text" : actual;
  switch (staged) {
    case INSTANT:
      return actual.endsWith("with time zone")
        ? `${name}::${actual}`
        : `${wallTimeOf(name, zone.name)}::${castTo}`;
    case "boolean":
      return isText ? spelled(transaction, tables, name) : `${name}::integer::${actual}`;
    case "bigint":
      return /^(smallint|integer)$/.test(actual) ? name : `${name}::${castTo}`;
    case "numeric": {
      const [, scale] = /^numeric\(\d+,(-?\d+)\)$/.exec(actual) ?? [];
      if (scale !== undefined) return `round(${name}, ${scale})`;
      return /^(smallint|integer|bigint)$/.test(actual) ? `round(${name})` : `${name}::${castTo}`;
    }
    case "text":
      return isText ? trimmed(name, actual) : `${name}::${actual}`;
    default:
      return `${name}::${castTo}`;
  }
}

function isTextual(type: string): boolean {
  return /^(text|character|bpchar)\b/.test(type);
}

/**
 * A text as a column of limited length gives it back: `char(n)` without the spaces at the end, which it pads with and
 * compares without; `varchar(n)` without those beyond its length, which are all that PostgreSQL cuts off silently.
 */
function trimmed(name: string, type: string): string {
  if (/^(character\(|bpchar)/.test(type)) return `rtrim(${name}, ' ')`;
  const [, length] = /^character varying\((\d+)\)$/.exec(type) ?? [];
  if (length === undefined) return name;
  const fits = `rtrim(substr(${name}, ${length} + 1), ' ') = ''`;
  return `case when ${fits} then left(${name}, ${length}) else ${name} end`;
}

/** A truth value as the column spells it most often. */
async function spelled(transaction: Transaction, tables: LoadTables, name: string): Promise<string> {
  const texts = await readFrequentTexts(transaction, tables.target, name);
  const spellingOf = (value: boolean): string => quoteLiteral(booleanSpelling(texts, value) ?? String(value));
  return `case ${name} when true then ${spellingOf(true)} when false then ${spellingOf(false)} end`;
}
