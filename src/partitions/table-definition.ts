import type { Transaction } from "../database/database.ts";

/** A table as it is, in statements that give another table with its name the same properties. */
export interface TableDefinition {
  /** The role that owns it, quoted. */
  readonly owner: string;
  /** The quoted columns that an insert may write. */
  readonly columns: readonly string[];
  /** Constraints, indexes, triggers, comments and rights, in this order. */
  readonly properties: readonly string[];
  /** Database views and functions that read it; each statement binds one to the table that now has its name. */
  readonly readers: readonly string[];
  /** What another table could not have, in words. */
  readonly obstacles: readonly string[];
}

/** Constraints that CREATE TABLE LIKE does not copy. */
const CONSTRAINTS = `
  select 1, conname::text, format('alter table %s add constraint %I %s', c.oid::regclass, conname, pg_get_constraintdef(k.oid))
  from pg_constraint k where conrelid = c.oid and contype in ('p', 'u')`;

const INDEXES = `
  select 2, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
  from pg_index i
  where indrelid = c.oid and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = c.oid)`;

const TRIGGERS = `
  select 3, tgname::text, pg_get_triggerdef(t.oid) from pg_trigger t where tgrelid = c.oid and not tgisinternal
  union all
  select 4, tgname::text, format(
    'alter table %s %s trigger %I', c.oid::regclass,
    case tgenabled when 'D' then 'disable' when 'A' then 'enable always' else 'enable replica' end, tgname
  )
  from pg_trigger t where tgrelid = c.oid and not tgisinternal and tgenabled <> 'O'`;

/** CREATE TABLE LIKE copies those of columns and checks. */
const COMMENTS = `
  select 5, '', format('comment on table %s is %L', c.oid::regclass, obj_description(c.oid, 'pg_class'))
  where obj_description(c.oid, 'pg_class') is not null
  union all
  select 5, conname::text, format('comment on constraint %I on %s is %L', conname, c.oid::regclass, obj_description(k.oid, 'pg_constraint'))
  from pg_constraint k
  where conrelid = c.oid and contype in ('p', 'u') and obj_description(k.oid, 'pg_constraint') is not null
  union all
  select 5, indexrelid::regclass::text, format('comment on index %s is %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
  from pg_index where indrelid = c.oid and obj_description(indexrelid, 'pg_class') is not null
  union all
  select 5, tgname::text, format('comment on trigger %I on %s is %L', tgname, c.oid::regclass, obj_description(t.oid, 'pg_trigger'))
  from pg_trigger t where tgrelid = c.oid and not tgisinternal and obj_description(t.oid, 'pg_trigger') is not null`;

const GRANTEE = `case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end`;

const RIGHTS = `
  select 6, '', format(
    'grant %s on %s to %s%s', privilege_type, c.oid::regclass, ${GRANTEE}, case when is_grantable then ' with grant option' end
  )
  from aclexplode(c.relacl) as acl where acl.grantee <> c.relowner
  union all
  select 6, attname::text, format(
    'grant %s (%I) on %s to %s%s', privilege_type, attname, c.oid::regclass, ${GRANTEE},
    case when is_grantable then ' with grant option' end
  )
  from pg_attribute cross join lateral aclexplode(attacl) as acl
  where attrelid = c.oid and attnum > 0 and not attisdropped and acl.grantee <> c.relowner`;

/** What reads the table is found by its dependencies; CREATE OR REPLACE leaves its rights, comments and dependents alone. */
const READERS = `
  select distinct format(
    'create or replace view %s%s as %s', reader.oid::regclass,
    ' with (' || array_to_string(reader.reloptions, ', ') || ')', rtrim(pg_get_viewdef(reader.oid), ';')
  )
  from pg_depend d
  join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  join pg_class reader on reader.oid = r.ev_class and reader.relkind = 'v'
  where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
  union all
  select distinct pg_get_functiondef(d.objid)
  from pg_depend d
  where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid`;

const OBSTACLES = `
  select 'it is not an ordinary table' where c.relkind <> 'r' or c.relpersistence <> 'p'
  union all
  select 'it is part of an inheritance tree'
  where exists (select from pg_inherits where c.oid in (inhrelid, inhparent))
  union all
  select 'it has policies' where c.relrowsecurity or exists (select from pg_policy where polrelid = c.oid)
  union all
  select 'it has storage parameters' where c.reloptions is not null
  union all
  select 'it has a replica identity' where c.relreplident <> 'd'
  union all
  select format('it has the rule %I', rulename) from pg_rewrite where ev_class = c.oid
  union all
  select format('the publication %I has it', pubname)
  from pg_publication_rel join pg_publication p on p.oid = prpubid where prrelid = c.oid
  union all
  select format('it has the constraint %I', conname)
  from pg_constraint where conrelid = c.oid and contype not in ('p', 'u', 'c', 'n')
  union all
  select format('%s refers to it by the constraint %I', conrelid::regclass, conname)
  from pg_constraint where confrelid = c.oid and contype = 'f'
  union all
  select format('it has the identity column %I', attname)
  from pg_attribute where attrelid = c.oid and attidentity <> '' and not attisdropped
  union all
  select format('it owns the sequence %s', objid::regclass)
  from pg_depend d join pg_class s on d.classid = 'pg_class'::regclass and s.oid = d.objid and s.relkind = 'S'
  where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'a'
  union all
  select format('%s depends on it', pg_describe_object('pg_class'::regclass, reader.oid, 0))
  from pg_depend d
  join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  join pg_class reader on reader.oid = r.ev_class and reader.relkind <> 'v' and reader.oid <> c.oid
  where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
  union all
  select format('its unique index %s does not contain %I', indexrelid::regclass, $2::text)
  from pg_index i
  where indrelid = c.oid and indisunique and not exists (
    select from pg_attribute a
    where a.attrelid = c.oid and a.attname = $2::text and a.attnum = any((i.indkey::int2[])[:i.indnkeyatts - 1])
  )
  union all
  select format('its column %I has the type %s and not timestamptz', attname, format_type(atttypid, atttypmod))
  from pg_attribute where attrelid = c.oid and attname = $2::text and atttypid <> 'timestamptz'::regtype`;

/**
 * Reads a table's properties. Names in them have their schemas: nothing may be visible without one.
 *
 * @param table quoted and with its schema
 * @param column unquoted; the table is to be partitioned by it
 */
export async function readTableDefinition(
  transaction: Transaction,
  table: string,
  column: string,
): Promise<TableDefinition> {
  await transaction.query("select set_config('search_path', '', true)");
  const { rows } = await transaction.query<TableDefinition>(
    `select quote_ident(pg_get_userbyid(c.relowner)) as "owner",
       array(
         select quote_ident(attname) from pg_attribute
         where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
       ) as "columns",
       array(
         select statement
         from (${[CONSTRAINTS, INDEXES, TRIGGERS, COMMENTS, RIGHTS].join(" union all ")}) as property (step, name, statement)
         order by step, name
       ) as "properties",
       array(${READERS}) as "readers",
       array(${OBSTACLES}) as "obstacles"
     from pg_class c
     where c.oid = $1::text::regclass`,
    [table, column],
  );
  const [definition] = rows;
  if (definition === undefined) throw new Error(`The catalogue has no table ${table}.`);
  return definition;
}
