-- Reports and what keeps up the derived tables, where the tables of the views are distributed (`otc-etl migrate --distribute`).
-- A distributed query may not be recursive, may not write in WITH, and may join tables only by the columns by which they
-- are distributed; what is joined in another way is read before, in a CTE. Each object replaces one of the same name, and
-- says the same.

create or replace view v_booked_users as
select
  username,
  (array_agg(full_name order by entries desc, full_name) filter (where full_name is not null))[1] as full_name
from (
  select newest.username, t."TS-User Full Name" as full_name, count(*) as entries
  from (
    select "TS-User Username" as username, max("TS-Date") filter (where "TS-User Full Name" <> '') as day
    from timesheets
    where deleted_at is null
    group by "TS-User Username"
  ) as newest
  left join timesheets t
    on t."TS-User Username" = newest.username and t."TS-Date" = newest.day
    and t."TS-User Full Name" <> '' and t.deleted_at is null
  group by newest.username, t."TS-User Full Name"
) as named
group by username;

-- Both at once, because reading them takes as long as everything else.
create or replace view v_users_and_candidates as
with commented (user_id, user_name) as materialized (
  select distinct user_id, user_name from comments where user_id is not null and deleted_at is null
),
booked (username, full_name) as materialized (
  select username, full_name from v_booked_users
),
people (name) as materialized (
  select name
  from (
    select unnest(array["TKT-Assigned To User", "TKT-Created By User"]) as name from tickets where deleted_at is null
  ) as named
  group by name
),
names (name) as (
  select username from booked
  union
  select full_name from booked
  union
  select user_id from commented
  union
  select user_name from commented
  union
  select name from people
),
-- Bounded, so that a sentence in the place of a name is not taken for one.
usernames (username, letters) as materialized (
  select name, plain_letters(split_part(name, '@', 1))
  from names
  where name ~ '^[[:alpha:]][^[:space:]]{1,63}$'
    and not exists (select from booked where booked.username = name and booked.full_name is not null)
),
full_names (full_name) as (
  select name from names where name ~ '^[^[:space:]]+([[:space:]]+[^[:space:]]+){1,5}$' and length(name) <= 100
),
forms (full_name, form) as materialized (
  select full_name, form from full_names cross join lateral username_forms(full_name) as form
),
named (username, full_name) as (
  select username, full_name
  from commented
  join usernames on username = user_id
  join full_names on full_name = user_name
)
select username, full_name, true as is_booked from booked
union all
select username, full_name, false from named
union
select username, full_name, false
from usernames
join forms on form = letters
where username not in (select username from named);
comment on view v_users_and_candidates is
  'The rows of v_booked_users, and those of v_user_candidates, where the tables are distributed.';

create or replace view v_user_candidates as
select username, full_name from v_users_and_candidates where not is_booked;

create or replace function get_short_username(full_name text) returns text language plpgsql stable as $function$
#variable_conflict use_column
begin
  return (
    with known as materialized (
      select username, source from user_lookup where user_lookup.full_name = get_short_username.full_name
    ),
    booked as materialized (
      select "TS-User Username" as username, max("TS-Date") as last_date
      from timesheets
      where "TS-User Username" in (select username from known) and deleted_at is null
      group by "TS-User Username"
    )
    select username
    from known
    left join booked using (username)
    order by source = 'manual' desc, last_date desc nulls last, username
    limit 1
  );
end
$function$;

create or replace view v_user_conflicts as
with lookup (username, full_name, source) as materialized (
  select username, full_name, source from user_lookup
),
manual (username, full_name) as materialized (
  select username, full_name from lookup where source = 'manual'
),
booked (username, full_name, last_date) as materialized (
  select "TS-User Username", "TS-User Full Name", max("TS-Date") filter (where deleted_at is null)
  from timesheets
  where deleted_at is null
  group by "TS-User Username", "TS-User Full Name"
),
recorded (username, full_name) as materialized (
  select username, full_name from booked
  where full_name <> '' and username not in (select username from manual)
  union
  select username, full_name from lookup
),
candidates (username, full_name) as materialized (
  select username, full_name from v_user_candidates
),
possible (username, full_name) as (
  select username, full_name from recorded
  union
  select username, full_name from candidates where username not in (select username from manual)
),
last_booked (username, last_date) as (
  select username, max(last_date) from booked group by username
)
select
  'username' as kind,
  username as name,
  array_agg(full_name order by full_name) as candidates,
  (select lookup.full_name from lookup where lookup.username = possible.username) as chosen
from possible
group by username
having count(*) > 1
union all
select
  'full name', full_name, array_agg(username order by username),
  (
    select lookup.username
    from lookup
    left join last_booked using (username)
    where lookup.full_name = recorded.full_name
    order by lookup.source = 'manual' desc, last_date desc nulls last, lookup.username
    limit 1
  )
from recorded
where full_name not in (select full_name from manual)
group by full_name
having count(*) > 1;

create or replace view v_statuses_in_use as
select "TKT-Status" as status from tickets where "TKT-Status" is not null group by "TKT-Status";

create or replace view v_orphaned_data as
select 'comments' as view_name, ticket_id, user_id as username, created_time as recorded_at
from comments
where deleted_at is null and not exists (select from tickets where "TKT-Ticket ID" = ticket_id and tickets.deleted_at is null)
union all
select 'timesheets', "TS-Crm ID", "TS-User Username", "TS-Date"
from timesheets
where deleted_at is null and "TS-Crm ID" not in (select "TKT-Ticket ID" from tickets where deleted_at is null);

create or replace function get_team_backlog(team text)
returns table (
  ticket_id bigint,
  title text,
  status text,
  severity text,
  assigned_to text,
  created_time timestamptz,
  age_days integer
)
language plpgsql stable as $function$
#variable_conflict use_column
begin
  return query
  select ticket_id, title, status, severity, assigned_to, created_time, age_days
  from v_ticket_age
  where v_ticket_age.team = get_team_backlog.team
  order by created_time, ticket_id;
end
$function$;

create or replace function get_user_workload(full_name text)
returns table (
  usernames text[],
  active_tickets bigint,
  active_by_status jsonb,
  active_by_severity jsonb,
  oldest_age_days integer,
  tickets bigint,
  hours numeric,
  days_active bigint
)
language plpgsql stable as $function$
#variable_conflict use_column
declare
  names text[] := array(
    select username from user_lookup where user_lookup.full_name = get_user_workload.full_name order by username
  );
begin
  return query
  with assigned as materialized (
    select coalesce(status, 'none') as status, coalesce(severity, 'none') as severity, age_days
    from v_ticket_age
    where assigned_to = any (get_user_workload.full_name || names)
  ),
  booked as materialized (
    select
      count(distinct "TS-Crm ID") as tickets,
      coalesce(sum("TS-Hours"), 0) as hours,
      count(distinct "TS-Date") as days
    from timesheets
    where "TS-User Username" = any (names)
      and "TS-Date" > now() - interval '720 hours' and "TS-Date" <= now() and deleted_at is null
  )
  select
    names,
    (select count(*) from assigned),
    (
      select coalesce(jsonb_object_agg(status, tickets), '{}')
      from (select status, count(*) as tickets from assigned group by status) as statuses
    ),
    (
      select coalesce(jsonb_object_agg(severity, tickets), '{}')
      from (select severity, count(*) as tickets from assigned group by severity) as severities
    ),
    (select max(age_days) from assigned),
    booked.tickets,
    booked.hours,
    booked.days
  from booked;
end
$function$;

create or replace function refresh_teams() returns bigint language plpgsql security definer as $function$
declare
  found text[];
begin
  select array_agg(team) into found
  from (select distinct "TKT-Team" as team from tickets where "TKT-Team" > '') as seen
  where team not in (select team from teams);
  if found is null then
    return 0;
  end if;
  insert into teams (team) select unnest(found) on conflict do nothing;
  return cardinality(found);
end
$function$;

create or replace function refresh_user_lookup() returns bigint language plpgsql security definer as $function$
declare
  known jsonb;
  removed bigint;
  written bigint;
begin
  with found as materialized (
    select username, full_name, is_booked from v_users_and_candidates
  )
  select jsonb_agg(jsonb_build_object('username', username, 'full_name', full_name, 'source', source)) into known
  from (
    select username, full_name, 'timesheets' as source from found where is_booked and full_name is not null
    union all
    select username, min(full_name), 'matched' from found where not is_booked group by username having count(*) = 1
  ) as sourced;
  known := coalesce(known, '[]');
  delete from user_lookup
  where source <> 'manual' and username not in (select entry ->> 'username' from jsonb_array_elements(known) as entry);
  get diagnostics removed = row_count;
  insert into user_lookup (username, full_name, source, updated_at)
  select new.username, new.full_name, new.source, now()
  from jsonb_to_recordset(known) as new (username text, full_name text, source text)
  left join user_lookup as old using (username)
  where old.username is null
    or old.source <> 'manual' and (old.full_name, old.source) is distinct from (new.full_name, new.source)
  order by new.username
  on conflict (username) do update
  set full_name = excluded.full_name, source = excluded.source, updated_at = excluded.updated_at
  where user_lookup.source <> 'manual';
  get diagnostics written = row_count;
  return removed + written;
end
$function$;

create or replace function refresh_team_hours() returns bigint language plpgsql security definer as $function$
declare
  booked jsonb;
  changed bigint;
begin
  -- Of loads of tickets and timesheets at a time the second waits here for COMMIT of the first, and then sees its rows.
  perform pg_advisory_xact_lock('team_hours'::regclass::bigint);
  -- 14 weeks, 13 of them whole, so that it takes as long next year. In hours: not all days of all time zones have 24.
  with newest as materialized (
    select max("TS-Date") as day from timesheets where "TS-Date" <= now()
  ),
  -- The tickets of each team go to the servers of the timesheets. As one row per team, they are sent and read much faster.
  tickets_of as materialized (
    select "TKT-Team" as team, array_agg("TKT-Ticket ID") as ticket_ids
    from tickets
    where "TKT-Team" > '' and deleted_at is null
    group by "TKT-Team"
  ),
  hours as materialized (
    select
      "TS-Date" as day, team, "TS-Crm ID" is null as is_internal, coalesce("TS-Billable", false) as is_billable,
      coalesce(sum("TS-Hours"), 0) as hours
    from timesheets
    left join (select team, unnest(ticket_ids) as ticket_id from tickets_of) as team_of on ticket_id = "TS-Crm ID"
    where deleted_at is null and "TS-Date" > (select day from newest) - interval '2352 hours'
    group by 1, 2, 3, 4
  )
  select jsonb_agg(jsonb_build_array(day, team, is_internal, is_billable, hours)) into booked from hours;

  with new (day, team, is_internal, is_billable, hours) as materialized (
    select
      (entry ->> 0)::timestamptz, entry ->> 1, (entry ->> 2)::boolean, (entry ->> 3)::boolean, (entry ->> 4)::numeric
    from jsonb_array_elements(coalesce(booked, '[]')) as entry
  ),
  removed as (
    delete from team_hours as known
    where not exists (
      select from new
      where new.day = known.day
        and coalesce(new.team, '') = coalesce(known.team, '')
        and new.is_internal = known.is_internal
        and new.is_billable = known.is_billable
    )
    returning day
  ),
  written as (
    insert into team_hours as known (day, team, is_internal, is_billable, hours)
    select day, team, is_internal, is_billable, hours from new
    on conflict (day, team, is_internal, is_billable) do update
    set hours = excluded.hours
    where known.hours <> excluded.hours
    returning day
  )
  select (select count(*) from removed) + (select count(*) from written) into changed;
  return changed;
end
$function$;

create or replace function refresh_status_stays() returns bigint language plpgsql security definer as $function$
declare
  changed_tickets bigint[] := array(
    select distinct ticket_id from ticket_history
    where column_name = 'TKT-Status' and history_id > (select coalesce(max(history_id), 0) from status_stays)
  );
  added bigint;
begin
  -- History only grows, in the order of its ids, so what is not there yet comes after what is.
  with changes as materialized (
    select change.history_id, change.ticket_id, change.old_value, change.changed_at, earlier.ended_at
    from ticket_history as change
    cross join lateral (
      select max(previous.changed_at)
      from ticket_history as previous
      where previous.ticket_id = change.ticket_id
        and previous.column_name = 'TKT-Status'
        and previous.history_id < change.history_id
    ) as earlier (ended_at)
    where change.column_name = 'TKT-Status'
      and change.history_id > (select coalesce(max(history_id), 0) from status_stays)
  ),
  -- As a list, so that an index finds them on each server. A join would read all tickets.
  known as materialized (
    select "TKT-Ticket ID", "TKT-Created Time" from tickets where "TKT-Ticket ID" = any (changed_tickets)
  )
  insert into status_stays (history_id, status, ended_at, seconds)
  select
    history_id, old_value, greatest(changed_at, ended_at),
    -- greatest() ignores null, and would make zero seconds of a stay whose beginning is unknown.
    case
      when coalesce(ended_at, "TKT-Created Time") is not null
      then extract(epoch from greatest(changed_at - coalesce(ended_at, "TKT-Created Time"), interval '0'))
    end
  from changes join known on "TKT-Ticket ID" = ticket_id
  on conflict do nothing;
  get diagnostics added = row_count;
  return added;
end
$function$;

-- Their bodies name no schema, and nobody's own search path may say what they read.
do $block$
declare
  function regprocedure;
begin
  foreach function in array array[
    'get_short_username(text)', 'get_team_backlog(text)', 'get_user_workload(text)', 'refresh_teams()', 'refresh_user_lookup()', 'refresh_team_hours()', 'refresh_status_stays()'
  ]::regprocedure[] loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', function, current_schema());
  end loop;
end
$block$;
