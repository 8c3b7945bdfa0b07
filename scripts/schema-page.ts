import type { Database, Queryable } from "../src/database/database.ts";
import { quoteIdentifier } from "../src/database/identifier.ts";

export const SCHEMA_PAGE = new URL("../docs/schema.md", import.meta.url);

interface Relation {
  readonly name: string;
  readonly isView: boolean;
  readonly meaning: string | null;
  readonly columns: readonly Column[];
  /** Keys and indexes, then checks and references. */
  readonly rules: readonly string[] | null;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly detail: string;
  readonly meaning: string | null;
}

interface Routine {
  readonly signature: string;
  readonly result: string;
  readonly meaning: string | null;
}

const INTRODUCTION = `# The schema

Everything that \`otc-etl migrate\` creates, in the schema that \`OTC_PG_SCHEMA\` names. Written by \`npm run docs\` from a
migrated database: what is missing here is missing in a \`comment on\` in [migrations/](../migrations/).
`;

/** What docs/schema.md should say of a migrated database; the same for every engine, version and name of the schema. */
export async function renderSchemaPage(database: Database): Promise<string> {
  return database.transaction(async (transaction) => {
    // PostgreSQL leaves out the schema of what the search path finds.
    await transaction.query("select set_config('search_path', $1, true)", [quoteIdentifier(database.schema)]);
    const relations = await readRelations(transaction, database.schema);
    const routines = await readRoutines(transaction, database.schema);
    return [
      INTRODUCTION,
      "## Tables\n",
      ...relations.filter(({ isView }) => !isView).map(renderRelation),
      "## Views\n",
      ...relations.filter(({ isView }) => isView).map(renderRelation),
      "## Functions\n",
      ...routines.map(renderRoutine),
    ].join("\n");
  });
}

async function readRelations(database: Queryable, schema: string): Promise<readonly Relation[]> {
  const { rows } = await database.query<Relation>(
    `select c.relname as "name", c.relkind = 'v' as "isView", obj_description(c.oid, 'pg_class') as "meaning",
       (select json_agg(json_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'detail', concat_ws(', ',
            case when a.attnotnull then 'not null' end,
            case when a.attidentity <> '' then 'generated' end,
            'default ' || pg_get_expr(d.adbin, d.adrelid)),
          'meaning', col_description(c.oid, a.attnum)) order by a.attnum)
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "columns",
       (select json_agg(rule order by kind, rule collate "C")
        from (
          select case when i.indisprimary then 1 when i.indisunique then 2 else 3 end as kind, concat(
            case when i.indisprimary then 'primary key ' when i.indisunique then 'unique ' end,
            substring(pg_get_indexdef(i.indexrelid) from ' USING (.*)$')) as rule
          from pg_index i where i.indrelid = c.oid
          union all
          select 4, pg_get_constraintdef(k.oid)
          from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f')
        ) rules) as "rules"
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'v')
     order by c.relname collate "C"`,
    [schema],
  );
  return rows;
}

async function readRoutines(database: Queryable, schema: string): Promise<readonly Routine[]> {
  const { rows } = await database.query<Routine>(
    `select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as "signature",
       pg_get_function_result(p.oid) as "result", obj_description(p.oid, 'pg_proc') as "meaning"
     from pg_proc p
     join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = $1 and p.prokind = 'f'
     order by p.proname collate "C"`,
    [schema],
  );
  return rows;
}

function renderRelation({ name, isView, meaning, columns, rules }: Relation): string {
  const rows = columns.map(
    (column) =>
      `| \`${column.name}\` | ${column.type}${isView || column.detail === "" ? "" : `, ${column.detail}`} | ${column.meaning ?? ""} |`,
  );
  return [
    `### ${name}\n`,
    `${meaning ?? ""}\n`,
    "| column | type | what it is |",
    "| --- | --- | --- |",
    ...rows,
    "",
    ...(rules ?? []).map((rule) => `- \`${rule}\``),
    ...(rules === null ? [] : [""]),
  ].join("\n");
}

function renderRoutine({ signature, result, meaning }: Routine): string {
  return `### \`${signature}\`\n\n${meaning ?? ""}\n\nReturns \`${result}\`.\n`;
}
