-- What a load has to know so that it can leave alone the rows whose records have not changed.

create table etl_database (
  only_row boolean primary key default true check (only_row),
  fingerprint_salt uuid not null default gen_random_uuid()
);
insert into etl_database default values;
comment on table etl_database is 'What belongs to the database as a whole: one row.';
comment on column etl_database.fingerprint_salt is
  'A random number of this database, part of the key of all fingerprints.';

-- A table that was made like one of ours, and is adopted, has the column already.
alter table tickets add column if not exists etl_fingerprint uuid;
alter table comments add column if not exists etl_fingerprint uuid;
alter table timesheets add column if not exists etl_fingerprint uuid;

-- A load always writes another fingerprint with a row that it changes. An update that leaves it as it is comes from
-- somebody else, and the row may no longer say what its record said.
create function clear_fingerprint() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $function$
begin
  new.etl_fingerprint := null;
  return new;
end
$function$;
comment on function clear_fingerprint() is
  'Clears the fingerprint of a row that somebody else than a load has changed, so that the next load compares it.';
-- A trigger needs no such right to fire, only its creator does.
revoke execute on function clear_fingerprint() from public;

do $block$
declare
  name text;
  grantee text;
begin
  -- Roles that load were given the tables that were there then.
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'etl_metadata'::regclass and privilege_type = 'INSERT' and acl.grantee <> relowner
  loop
    execute format('grant select on etl_database to %s', grantee);
  end loop;

  foreach name in array array['tickets', 'comments', 'timesheets'] loop
    execute format(
      'comment on column %I.etl_fingerprint is %L', name,
      'A keyed hash of the record that the row was made of; null when the next load has to compare the row.'
    );
    execute format(
      'create or replace trigger etl_clear_fingerprint before update on %I for each row
       when (old.etl_fingerprint is not null and new.etl_fingerprint is not distinct from old.etl_fingerprint)
       execute function clear_fingerprint()', name
    );
  end loop;
end
$block$;

alter table etl_metadata
  add column records_known bigint,
  add column records_reformatted bigint;
comment on column etl_metadata.records_known is
  'Records whose fingerprint a row of the table had: they were neither converted nor staged.';
comment on column etl_metadata.records_reformatted is
  'Unchanged records that were staged, because their bytes were new or their row had no fingerprint.';
