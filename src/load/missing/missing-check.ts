import type { Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier } from "../../database/identifier.ts";
import { keyColumns, type MissingMode, type MissingRows, type View } from "../../views/view.ts";
import { DELETED_AT, type LoadTables, sqlTypeOf } from "../tables/load-tables.ts";

/** How one load looks for rows that its document should contain and does not. */
export interface MissingCheck {
  readonly rows: MissingRows;
  readonly mode: MissingMode;
  /** The most rows that may be removed, if more than the guard allows. */
  readonly accepted: number;
  readonly table: MissingTable;
}

/** What the view's table is like, as far as its missing rows are concerned. */
export interface MissingTable {
  /** `<table>_deleted`, quoted. */
  readonly archive: string;
  /** Quoted columns that the table and its archive share. */
  readonly shared: readonly string[];
  /** Columns that only the table has, unquoted. */
  readonly others: readonly string[];
  readonly hasDeletedAt: boolean;
  /** Why rows cannot be moved to the archive; undefined when they can. */
  readonly archiveProblem: string | undefined;
  /** Whether the key has the view's types, so that keys of rejected records can be compared with it. */
  readonly hasViewKeys: boolean;
}

const TIMES = ["timestamp with time zone", "timestamp without time zone", "date"];

interface TargetFacts {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly generated: boolean }[];
  readonly archived: readonly string[] | null;
  readonly mayRecord: boolean;
  readonly mayDelete: boolean;
  readonly mayArchive: boolean;
  readonly cascades: string | null;
}

/**
 * @param onProblem told why missing rows cannot be looked for although they should be
 * @returns undefined when the view does not say how to find missing rows, they are ignored, or cannot be looked for
 */
export async function openMissingCheck(
  transaction: Transaction,
  view: View,
  { target }: LoadTables,
  mode: MissingMode,
  accepted: number,
  onProblem: (problem: string) => void,
): Promise<MissingCheck | undefined> {
  if (view.missing === undefined || mode === "ignore") return undefined;
  const archive = qualifiedName(transaction.schema, archiveTable(view));
  const facts = await readTargetFacts(transaction, target, archive);
  const typeOf = (name: string): string | undefined =>
    facts.columns.find((column) => column.name === name)?.type;
  if (!TIMES.includes(typeOf(view.missing.window) ?? "")) {
    onProblem(`column ${view.missing.window} of ${view.table} is no time`);
    return undefined;
  }
  if (!facts.mayRecord) {
    onProblem(
      'the role may not INSERT, UPDATE and DELETE in etl_missing; docs/operations.md lists it under "Rights"',
    );
    return undefined;
  }
  return { rows: view.missing, mode, accepted, table: describeTable(view, archive, facts, typeOf) };
}

/** The name of the table that missing rows of a view are moved to. */
export function archiveTable(view: View): string {
  return `${view.table}_deleted`;
}

/** Reads what can be done with rows of the view's table. */
export async function readMissingTable(
  transaction: Transaction,
  view: View,
  target: string,
): Promise<MissingTable> {
  const archive = qualifiedName(transaction.schema, archiveTable(view));
  const facts = await readTargetFacts(transaction, target, archive);
  return describeTable(
    view,
    archive,
    facts,
    (name) => facts.columns.find((column) => column.name === name)?.type,
  );
}

function describeTable(
  view: View,
  archive: string,
  facts: TargetFacts,
  typeOf: (name: string) => string | undefined,
): MissingTable {
  const written = facts.columns.filter(({ generated, name }) => !generated && name !== DELETED_AT);
  const isShared = ({ name }: { name: string }): boolean => facts.archived?.includes(name) === true;
  return {
    archive,
    shared: written.filter(isShared).map(({ name }) => quoteIdentifier(name)),
    others: written.filter((column) => !isShared(column)).map(({ name }) => name),
    hasDeletedAt: typeOf(DELETED_AT) === "timestamp with time zone",
    archiveProblem: archiveProblem(view, facts),
    hasViewKeys: keyColumns(view).every(({ name, type }) => {
      const expected = sqlTypeOf(type);
      return typeOf(name) === (expected === "timestamptz" ? "timestamp with time zone" : expected);
    }),
  };
}

function archiveProblem(
  view: View,
  { archived, mayDelete, mayArchive, cascades }: TargetFacts,
): string | undefined {
  if (archived === null) return `there is no table ${archiveTable(view)}`;
  if (!mayDelete)
    return `the role has no right to DELETE from ${view.table}; docs/operations.md lists it under "Rights"`;
  if (!mayArchive)
    return `the role has no right to INSERT into ${archiveTable(view)}; docs/operations.md lists it under "Rights"`;
  if (cascades !== null) return `its foreign key would change the rows of ${cascades}`;
  return undefined;
}

async function readTargetFacts(
  transaction: Transaction,
  target: string,
  archive: string,
): Promise<TargetFacts> {
  const { rows } = await transaction.query<TargetFacts>(
    `select
       (
         select json_agg(
           json_build_object(
             'name', attname, 'type', format_type(atttypid, null), 'generated', attgenerated <> ''
           ) order by attnum
         )
         from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
       ) as "columns",
       (
         select json_agg(attname order by attnum)
         from pg_attribute where attrelid = to_regclass($2::text) and attnum > 0 and not attisdropped
       ) as "archived",
       (
         select bool_and(has_table_privilege($3::text::regclass, privilege))
         from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as privilege
       ) as "mayRecord",
       has_table_privilege($1::text::regclass, 'DELETE') as "mayDelete",
       coalesce(
         has_table_privilege(to_regclass($2::text), 'INSERT') and has_table_privilege(to_regclass($2::text), 'DELETE'),
         false
       ) as "mayArchive",
       (
         select min(conrelid::regclass::text)
         from pg_constraint
         where contype = 'f' and confrelid = $1::text::regclass and confdeltype in ('c', 'n', 'd')
       ) as "cascades"`,
    [target, archive, qualifiedName(transaction.schema, "etl_missing")],
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error("The catalogue has not answered.");
  return facts;
}

/** An expression for the key of a row as JSON: its columns and their values, timestamps in UTC. */
export function keyJson(view: View, table: string): string {
  const pairs = keyColumns(view).map(({ name, type }) => {
    const value = `${table}.${quoteIdentifier(name)}`;
    const literal = `'${name.replaceAll("'", "''")}'`;
    return `${literal}, ${type === "timestamp" ? instantJson(value) : `to_jsonb(${value})`}`;
  });
  return `jsonb_build_object(${pairs.join(", ")})`;
}

/** A column of another type, of an adopted table, is compared as its text. */
function instantJson(value: string): string {
  return `to_jsonb(case pg_typeof(${value})::text when 'timestamp with time zone'
    then to_char(${value}::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else ${value}::text end)`;
}
