-- How the rows were made is on record, so that no load reads the records in another way by mistake.
alter table etl_database add column time_zone text;
comment on column etl_database.time_zone is
  'The time zone in which times without one were read when the rows were written; null before the first load. To change it: otc-etl migrate --time-zone.';

-- Roles that load write it once.
do $block$
declare
  grantee text;
begin
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'etl_metadata'::regclass and privilege_type = 'INSERT' and acl.grantee <> relowner
  loop
    execute format('grant update (time_zone) on etl_database to %s', grantee);
  end loop;
end
$block$;

alter table etl_metadata add column records_late bigint;
comment on column etl_metadata.records_late is
  'Inserted records whose date says that the last load should have had them; null of runs that are not loads.';
