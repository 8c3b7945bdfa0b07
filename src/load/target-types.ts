import type { Transaction } from "../database/database.ts";
import { quoteIdentifier, quoteLiteral } from "../database/identifier.ts";
import { wallTimeOf } from "../database/wall-time.ts";
import { booleanSpellings } from "../views/values/boolean.ts";
import type { TimeZone } from "../views/values/time-zone.ts";
import type { View } from "../views/view.ts";
import { type LoadTables, mayRepeatColumn, positionColumn, sharedColumns } from "./staging.ts";

/** A column of the target whose type is not the view's: of an adopted table, where analysts' views depend on it. */
interface OddColumn {
  /** Quoted. */
  readonly name: string;
  readonly staged: string;
  readonly actual: string;
}

/** Of these many different texts in a column of truth values some will be spellings of true and of false. */
const SPELLINGS_READ = 20;

/**
 * The load's tables, with the staged rows as the target would hold them: what a row is compared with, and what is
 * written, is then the same. Where the target's columns have the view's types that is the staging table itself;
 * otherwise a view of it, which goes with it.
 *
 * @param zone of wall time in columns without one
 */
export async function inTargetTypes(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  zone: TimeZone,
): Promise<LoadTables> {
  const odd = await readOddColumns(transaction, tables);
  if (odd.length === 0) return tables;
  const expressions = new Map<string, string>();
  for (const column of odd) {
    expressions.set(column.name, await expressionOf(transaction, tables, column, zone));
  }
  const columns = [...sharedColumns(view), positionColumn, mayRepeatColumn].map(
    (column) => `${expressions.get(column) ?? column} as ${column}`,
  );
  await transaction.query(
    `create view ${tables.typed} as select ${columns.join(", ")} from ${tables.staging}`,
  );
  return { ...tables, staging: tables.typed };
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
  return rows.map((column) => ({ ...column, name: quoteIdentifier(column.name) }));
}

/**
 * The staged value as the column would give it back. What only the writing can refuse, a number out of range or a text
 * too long, is left to it: it finds the row.
 */
async function expressionOf(
  transaction: Transaction,
  tables: LoadTables,
  { name, staged, actual }: OddColumn,
  zone: TimeZone,
): Promise<string> {
  const textual = /^(text|character)\b/.test(actual);
  switch (staged) {
    case "timestamp with time zone":
      return actual.endsWith("with time zone")
        ? `${name}::${actual}`
        : `${wallTimeOf(name, zone.name)}::${actual}`;
    case "boolean":
      return textual ? spelled(transaction, tables, name) : `${name}::integer::${actual}`;
    case "bigint":
      return /^(smallint|integer)$/.test(actual) ? name : `${name}::${actual}`;
    case "numeric": {
      const [, scale] = /^numeric\(\d+,(-?\d+)\)$/.exec(actual) ?? [];
      if (scale !== undefined) return `round(${name}, ${scale})`;
      return /^(smallint|integer|bigint)$/.test(actual) ? `round(${name})` : `${name}::${actual}`;
    }
    case "text":
      return textual ? name : `${name}::${actual}`;
    default:
      return `${name}::${actual}`;
  }
}

/** A truth value as the column spells it most often. */
async function spelled(transaction: Transaction, tables: LoadTables, name: string): Promise<string> {
  const { rows } = await transaction.query<{ spelling: string }>(
    `select ${name}::text as "spelling" from ${tables.target} where ${name} is not null
     group by 1 order by count(*) desc, 1 limit ${SPELLINGS_READ}`,
  );
  const spellingOf = (value: boolean): string => {
    const known = booleanSpellings(value);
    const found = rows.find(({ spelling }) => known.includes(spelling.toLowerCase()));
    return quoteLiteral(found?.spelling ?? String(value));
  };
  return `case ${name} when true then ${spellingOf(true)} when false then ${spellingOf(false)} end`;
}
