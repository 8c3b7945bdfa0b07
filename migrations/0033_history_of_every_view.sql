-- What a load changed in timesheets and comments, column by column, as ticket_history has it for tickets.
create table timesheet_history (
  history_id bigint generated always as identity primary key,
  run_id bigint not null,
  -- No foreign key: an entry's history may outlive its row. The last two are null where the entry's key is.
  username text not null,
  entry_date timestamptz not null,
  time_from text,
  ticket_id bigint,
  changed_at timestamptz not null,
  column_name text not null,
  old_value text,
  new_value text
);

-- No more than a part of the key: the whole key may be as long as an entry of a B-tree.
create index timesheet_history_entry on timesheet_history (username, entry_date);
create index timesheet_history_ticket on timesheet_history (ticket_id, history_id);

comment on table timesheet_history is 'Changes of timesheets, a row a changed column, written by the load that saw them.';
comment on column timesheet_history.username is 'The key of the entry: "TS-User Username".';
comment on column timesheet_history.entry_date is 'The key of the entry: "TS-Date".';
comment on column timesheet_history.time_from is 'The key of the entry: "TS-Time From".';
comment on column timesheet_history.ticket_id is
  'The key of the entry: "TS-Crm ID". An entry that moves to another ticket has a new key: timesheets_deleted has the old one.';
comment on column timesheet_history.changed_at is
  'The entry''s "TS-Modified Time", when the change moved it on; else when the load saw the change.';
comment on column timesheet_history.column_name is 'The column of timesheets that changed.';

create table comment_history (
  history_id bigint generated always as identity primary key,
  run_id bigint not null,
  -- No foreign key: a comment's history may outlive its row.
  comment_id bigint not null,
  changed_at timestamptz not null,
  column_name text not null,
  old_value text,
  new_value text
);

create index comment_history_comment on comment_history (comment_id, column_name, history_id);

comment on table comment_history is 'Changes of comments, a row a changed column, written by the load that saw them.';
comment on column comment_history.changed_at is 'When the load saw the change: comments do not say when they were changed.';
comment on column comment_history.column_name is 'The column of comments that changed.';

do $block$
declare
  name text;
  source text;
  grantee text;
  privilege text;
begin
  for name, source in values ('timesheet_history', 'timesheets'), ('comment_history', 'comments') loop
    execute format(
      'comment on column %I.run_id is %L', name,
      'The run that saw the change. Runs older than OTC_KEEP_RUNS are no longer in etl_metadata.'
    );
    execute format('comment on column %I.old_value is %L', name, 'The value before, as text; null when there was none.');
    execute format('comment on column %I.new_value is %L', name, 'The value since, as text; null when there is none.');
    -- Whoever has a right on the history of tickets has it here. To read old values, a role must be able to read the rows.
    for grantee, privilege in
      select case when acl.grantee = 0 then 'public' else pg_get_userbyid(acl.grantee) end, privilege_type
      from pg_class cross join lateral aclexplode(relacl) as acl
      where pg_class.oid = 'ticket_history'::regclass and acl.grantee <> relowner
        and privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    loop
      if privilege <> 'SELECT' or has_table_privilege(grantee, source, 'SELECT') then
        execute format(
          'grant %s on %I to %s', privilege, name,
          case when grantee = 'public' then grantee else quote_ident(grantee) end
        );
      end if;
    end loop;
  end loop;
end
$block$;
