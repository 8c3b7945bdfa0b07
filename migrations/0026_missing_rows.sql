-- Rows that OTC no longer sends: where they are kept, and which ones they are.

create table etl_missing (
  missing_id bigint generated always as identity primary key,
  view_name text not null,
  record_key jsonb not null,
  window_value timestamptz not null,
  first_run_id bigint not null,
  missing_run_id bigint,
  missing_at timestamptz,
  action text check (action in ('reported', 'soft-deleted', 'archived', 'restored')),
  reason text check (reason in ('missing', 'rekeyed')),
  new_key jsonb,
  problem text,
  check ((missing_run_id is null) = (action is null) and (action is null) = (reason is null))
);
-- A key can be longer than an entry of a B-tree.
create index etl_missing_key on etl_missing using hash (record_key);
create index etl_missing_view on etl_missing (view_name, missing_id);

comment on table etl_missing is
  'Rows that the last checked document of their view did not contain although it should have, each until it comes back.';
comment on column etl_missing.record_key is 'The key columns and their values; timestamps in UTC.';
comment on column etl_missing.window_value is 'The value of the column by which the view decides what a document should contain.';
comment on column etl_missing.first_run_id is 'The first load whose document did not contain the row.';
comment on column etl_missing.missing_run_id is
  'The load that counted the row as missing; null while only one document did not contain it.';
comment on column etl_missing.action is
  'What was done with the row: reported (it stays in the table), soft-deleted, archived in the table named like the view''s with _deleted, or restored by `otc-etl missing restore` (no load removes it again).';
comment on column etl_missing.reason is
  'missing: two documents in succession did not contain it; rekeyed: the same document contained it with another key.';
comment on column etl_missing.new_key is 'The key under which a rekeyed row came again.';
comment on column etl_missing.problem is 'Why the row could not be removed.';

alter table tickets add column if not exists deleted_at timestamptz;
alter table comments add column if not exists deleted_at timestamptz;
alter table timesheets add column if not exists deleted_at timestamptz;

create table tickets_deleted (like tickets including comments);
create table comments_deleted (like comments including comments);
create table timesheets_deleted (like timesheets including comments);

do $block$
declare
  name text;
  grantee text;
begin
  foreach name in array array['tickets', 'comments', 'timesheets'] loop
    execute format(
      'comment on column %I.deleted_at is %L', name,
      'When a load found the row missing at the source; null in a row that OTC has. Only the mode soft-delete sets it.'
    );
    execute format(
      'alter table %I
         add column other_columns jsonb,
         add column deleted_run_id bigint not null,
         add column deleted_reason text not null,
         add column new_key jsonb,
         add column missing_id bigint not null primary key', name || '_deleted'
    );
    execute format(
      'comment on table %I is %L', name || '_deleted',
      format('Rows of %s that OTC no longer sends. A row that comes back moves back.', name)
    );
    execute format(
      'comment on column %I.deleted_at is %L', name || '_deleted', 'When the row was moved here.'
    );
    execute format(
      'comment on column %I.other_columns is %L', name || '_deleted',
      'The values of columns that the table has and this one does not; null when there are none.'
    );
    execute format('comment on column %I.deleted_run_id is %L', name || '_deleted', 'The load that moved the row here.');
    execute format(
      'comment on column %I.deleted_reason is %L', name || '_deleted', 'As in etl_missing.reason.'
    );
    execute format(
      'comment on column %I.new_key is %L', name || '_deleted', 'The key under which a rekeyed row came again.'
    );
    execute format('comment on column %I.missing_id is %L', name || '_deleted', 'The entry of the row in etl_missing.');
    -- To move a row, a role that loads has to take it out of the table.
    for grantee in
      select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
      from pg_class cross join lateral aclexplode(relacl) as acl
      where pg_class.oid = name::regclass and privilege_type = 'INSERT' and acl.grantee <> relowner
    loop
      execute format('grant delete on %I to %s', name, grantee);
      execute format('grant select, insert, update, delete on %I, etl_missing to %s', name || '_deleted', grantee);
    end loop;
    -- Whoever reads the table may read what was in it.
    for grantee in
      select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
      from pg_class cross join lateral aclexplode(relacl) as acl
      where pg_class.oid = name::regclass and privilege_type = 'SELECT' and acl.grantee <> relowner
    loop
      execute format('grant select on %I, etl_missing to %s', name || '_deleted', grantee);
    end loop;
  end loop;
end
$block$;

alter table etl_metadata
  add column records_missing bigint not null default 0,
  add column records_returned bigint not null default 0,
  add column records_rekeyed bigint not null default 0;
comment on column etl_metadata.records_missing is
  'Rows of the table that two documents in succession did not contain, found by this run.';
comment on column etl_metadata.records_returned is
  'Rows that were missing, and that the document of this run contained again.';
comment on column etl_metadata.records_rekeyed is
  'Rows that the document contained with another key: the new row is among the inserted ones.';
