import type { Queryable } from "../database/database.ts";

/**
 * The objects that prevent a change of a column's type, by column: views, rules, functions, triggers, policies, generated
 * columns, and indexes of expressions or of a part of the table. Ordinary indexes do not, because PostgreSQL rebuilds them.
 *
 * @param table quoted and with its schema
 */
export async function readDependents(
  database: Queryable,
  table: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await database.query<{ column: string; dependents: readonly string[] }>(
    `select a.attname as "column", array_agg(distinct who.name order by who.name) as "dependents"
     from pg_depend d
     join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
     left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
     left join pg_attrdef g on d.classid = 'pg_attrdef'::regclass and g.oid = d.objid
     left join pg_index i on d.classid = 'pg_class'::regclass and i.indexrelid = d.objid
     cross join lateral (
       select case
         when d.classid = 'pg_rewrite'::regclass then pg_describe_object('pg_class'::regclass, r.ev_class, 0)
         when d.classid = 'pg_attrdef'::regclass and (g.adrelid <> a.attrelid or g.adnum <> a.attnum)
           then pg_describe_object('pg_class'::regclass, g.adrelid, g.adnum)
         when i.indexrelid is not null and a.attnum <> all(i.indkey) then pg_describe_object(d.classid, d.objid, 0)
         when d.classid in ('pg_proc'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass)
           then pg_describe_object(d.classid, d.objid, 0)
       end as name
     ) who
     where d.refclassid = 'pg_class'::regclass and d.refobjid = $1::text::regclass and who.name is not null
     group by a.attname`,
    [table],
  );
  return new Map(rows.map(({ column, dependents }) => [column, dependents]));
}
