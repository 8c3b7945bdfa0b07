-- PostgreSQL lets everybody execute a new function. add_run_to_totals() ran as its owner and wrote to a table of the schema
-- in which its trigger was: whoever could create a temporary table with a trigger of his own acted as the owner by it.

-- As whoever records a run; that role gets the rights it needs below.
alter function add_run_to_totals() security invoker;

create procedure restrict_execute(function regprocedure, privilege text) language plpgsql
set search_path = pg_catalog, pg_temp as $procedure$
declare
  grantee text;
begin
  execute format('revoke execute on function %s from public', function);
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_proc
    join pg_class on relnamespace = pronamespace and relkind in ('r', 'p', 'v', 'm')
    cross join lateral aclexplode(relacl) as acl
    where pg_proc.oid = function and privilege_type = privilege and acl.grantee <> proowner
  loop
    execute format('grant execute on function %s to %s', function, grantee);
  end loop;
end
$procedure$;

comment on procedure restrict_execute(regprocedure, text) is
  'For migrations: takes a function from everybody, and gives it to the roles that have a privilege on a table or view of its schema.';
revoke execute on procedure restrict_execute(regprocedure, text) from public;

do $block$
declare
  function regprocedure;
  grantee text;
begin
  -- What reports are made of: a view executes them with the rights of whoever reads it.
  foreach function in array array[
    'plain_letters(text)', 'username_forms(text)', 'get_full_name(text)', 'get_short_username(text)',
    'age_bucket(integer)', 'get_team_backlog(text)', 'get_user_workload(text)'
  ]::regprocedure[] loop
    call restrict_execute(function, 'SELECT');
    -- Its members read our views without a grant of ours.
    execute format('grant execute on function %s to pg_read_all_data', function);
  end loop;

  -- These still run as their owner: what was granted to the role that loads does not cover tables that a new version adds.
  -- Their bodies are bound to our tables; the search path is for triggers that somebody may have added to those.
  foreach function in array array[
    'refresh_teams()', 'refresh_user_lookup()', 'refresh_team_hours()', 'refresh_status_stays()'
  ]::regprocedure[] loop
    call restrict_execute(function, 'INSERT');
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', function, current_schema());
  end loop;

  -- A trigger needs no such right to fire, only its creator does.
  revoke execute on function add_run_to_totals() from public;
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'etl_metadata'::regclass and privilege_type in ('INSERT', 'UPDATE') and acl.grantee <> relowner
  loop
    execute format('grant select, insert, update on etl_run_totals to %s', grantee);
  end loop;
end
$block$;
