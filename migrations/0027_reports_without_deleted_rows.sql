-- Reports leave out rows that were deleted softly: OTC no longer has them.

create or replace view v_booked_users as
with recursive usernames (username) as (
  -- One probe of the index a user, instead of every timesheet.
  select min("TS-User Username") from timesheets
  union all
  select (select min("TS-User Username") from timesheets where "TS-User Username" > username)
  from usernames
  where username is not null
)
select username, latest.full_name
from usernames
left join lateral (
  -- A range of one name, and the order of the unique index: for the newest day alone the planner would take the index of
  -- days, and walk all of it for each user without a full name.
  select "TS-Date"
  from timesheets
  where "TS-User Username" between username and username and "TS-User Full Name" <> '' and deleted_at is null
  order by "TS-User Username" desc, "TS-Date" desc
  limit 1
) as booked (last_date) on true
left join lateral (
  select "TS-User Full Name"
  from timesheets
  where "TS-User Username" = username and "TS-Date" = booked.last_date and "TS-User Full Name" <> ''
    and deleted_at is null
  group by "TS-User Full Name"
  order by count(*) desc, "TS-User Full Name"
  limit 1
) as latest (full_name) on true
where username is not null
  and exists (select from timesheets where "TS-User Username" = username and deleted_at is null);

create or replace view v_user_candidates as
with recursive commented (user_id, user_name) as (
  (select user_id, user_name from comments where user_id is not null and deleted_at is null order by user_id, user_name limit 1)
  union all
  select following.user_id, following.user_name
  from commented
  cross join lateral (
    select user_id, user_name
    from comments
    where (user_id, user_name) > (commented.user_id, commented.user_name) and deleted_at is null
    order by user_id, user_name
    limit 1
  ) as following
),
assigned (name) as (
  select min("TKT-Assigned To User") from tickets where deleted_at is null
  union all
  select (select min("TKT-Assigned To User") from tickets where "TKT-Assigned To User" > name and deleted_at is null)
  from assigned
  where name is not null
),
booked (username, full_name) as materialized (
  select username, full_name from v_booked_users
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
  select name from assigned
  union
  select distinct "TKT-Created By User" from tickets where deleted_at is null
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
select username, full_name from named
union
select username, full_name
from usernames
join forms on form = letters
where username not in (select username from named);

create or replace view v_user_conflicts as
with manual (username, full_name) as (
  select username, full_name from user_lookup where source = 'manual'
),
recorded (username, full_name) as (
  select distinct "TS-User Username", "TS-User Full Name"
  from timesheets
  where "TS-User Full Name" <> '' and deleted_at is null and "TS-User Username" not in (select username from manual)
  union
  select username, full_name from user_lookup
),
possible (username, full_name) as (
  select username, full_name from recorded
  union
  select username, full_name from v_user_candidates where username not in (select username from manual)
)
select
  'username' as kind,
  username as name,
  array_agg(full_name order by full_name) as candidates,
  get_full_name(username) as chosen
from possible
group by username
having count(*) > 1
union all
select 'full name', full_name, array_agg(username order by username), get_short_username(full_name)
from recorded
where full_name not in (select full_name from manual)
group by full_name
having count(*) > 1;

create or replace function get_short_username(full_name text) returns text language sql stable parallel safe
begin atomic
  select username
  from user_lookup
  where user_lookup.full_name = get_short_username.full_name
  order by
    source = 'manual' desc,
    (select max("TS-Date") from timesheets where "TS-User Username" = username and deleted_at is null) desc nulls last,
    username
  limit 1;
end;

create or replace view v_orphaned_data as
select 'comments' as view_name, ticket_id, user_id as username, created_time as recorded_at
from comments
where deleted_at is null and not exists (select from tickets where "TKT-Ticket ID" = ticket_id and tickets.deleted_at is null)
union all
select 'timesheets', "TS-Crm ID", "TS-User Username", "TS-Date"
from timesheets
where deleted_at is null and "TS-Crm ID" is not null
  and not exists (select from tickets where "TKT-Ticket ID" = "TS-Crm ID" and tickets.deleted_at is null);

create or replace view v_user_activity as
select
  "TS-User Username" as username,
  full_name,
  count(distinct "TS-Crm ID") as tickets,
  sum("TS-Hours") as hours,
  count(distinct "TS-Date") as days_active
from timesheets
left join user_lookup on username = "TS-User Username"
where "TS-Date" > now() - interval '720 hours' and "TS-Date" <= now() and deleted_at is null
group by "TS-User Username", full_name;

create or replace view v_ticket_age as
select
  ticket_id, title, team, status, severity, assigned_to, created_time, age_days,
  age_bucket(age_days) as age_bucket
from (
  select
    "TKT-Ticket ID" as ticket_id,
    "TKT-Title" as title,
    "TKT-Team" as team,
    "TKT-Status" as status,
    "TKT-Severity" as severity,
    "TKT-Assigned To User" as assigned_to,
    "TKT-Created Time" as created_time,
    extract(day from now() - "TKT-Created Time")::integer as age_days
  from tickets
  where deleted_at is null and not exists (select from inactive_statuses where inactive_statuses.status = "TKT-Status")
) as active;

create or replace view v_team_tickets as
select
  teams.team,
  coalesce(display_name, teams.team) as display_name,
  coalesce(tickets, 0) as tickets,
  coalesce(active_tickets, 0) as active_tickets,
  coalesce(unassigned_tickets, 0) as unassigned_tickets,
  oldest_active,
  average_age_days
from teams
left join (
  select "TKT-Team" as team, count(*) as tickets from tickets where deleted_at is null group by "TKT-Team"
) as everything using (team)
left join (
  select
    team,
    count(*) as active_tickets,
    count(*) filter (where coalesce(assigned_to, '') = '') as unassigned_tickets,
    min(created_time) as oldest_active,
    round(avg(age_days), 1) as average_age_days
  from v_ticket_age
  group by team
) as active using (team)
where teams.active;

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
language sql stable parallel safe
begin atomic
  with person (usernames) as (
    select array(
      select username from user_lookup where user_lookup.full_name = get_user_workload.full_name order by username
    )
  ),
  -- Tickets name people by their full names, but nothing keeps anybody from entering the short one.
  assigned as materialized (
    select coalesce(status, 'none') as status, coalesce(severity, 'none') as severity, age_days
    from v_ticket_age
    where assigned_to = any ((select get_user_workload.full_name || usernames from person)::text[])
  ),
  booked as (
    select
      count(distinct "TS-Crm ID") as tickets,
      coalesce(sum("TS-Hours"), 0) as hours,
      count(distinct "TS-Date") as days
    from user_lookup
    join timesheets on "TS-User Username" = username
    where user_lookup.full_name = get_user_workload.full_name
      and "TS-Date" > now() - interval '720 hours' and "TS-Date" <= now() and deleted_at is null
  )
  select
    person.usernames,
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
  from person
  cross join booked;
end;

create or replace function refresh_team_hours() returns bigint language sql security definer
begin atomic
  -- Of loads of tickets and timesheets at a time the second waits here for COMMIT of the first, and then sees its rows.
  select pg_advisory_xact_lock('team_hours'::regclass::bigint);
  -- 14 weeks, 13 of them whole, so that it takes as long next year. In hours: not all days of all time zones have 24.
  with booked (day, team, is_internal, is_billable, hours) as materialized (
    select
      "TS-Date", nullif("TKT-Team", ''), "TS-Crm ID" is null, coalesce("TS-Billable", false),
      coalesce(sum("TS-Hours"), 0)
    from timesheets
    left join tickets on "TKT-Ticket ID" = "TS-Crm ID" and tickets.deleted_at is null
    where timesheets.deleted_at is null
      and "TS-Date" > (select max("TS-Date") from timesheets where "TS-Date" <= now()) - interval '2352 hours'
    group by 1, 2, 3, 4
  ),
  removed as (
    delete from team_hours as known
    where not exists (
      select from booked
      where booked.day = known.day
        and coalesce(booked.team, '') = coalesce(known.team, '')
        and booked.is_internal = known.is_internal
        and booked.is_billable = known.is_billable
    )
    returning day
  ),
  written as (
    insert into team_hours as known (day, team, is_internal, is_billable, hours)
    select day, team, is_internal, is_billable, hours from booked
    on conflict (day, team, is_internal, is_billable) do update
    set hours = excluded.hours
    where known.hours <> excluded.hours
    returning day
  )
  select (select count(*) from removed) + (select count(*) from written);
end;

-- Replacing a function forgets its settings.
do $block$
begin
  execute format('alter function refresh_team_hours() set search_path = pg_catalog, %I, pg_temp', current_schema());
end
$block$;

create or replace view v_ticket_time_in_status as
with changes as (
  select
    ticket_id, history_id, old_value,
    max(changed_at) over (partition by ticket_id order by history_id) as changed_at
  from ticket_history
  where column_name = 'TKT-Status'
),
periods (ticket_id, status, since, until) as (
  select
    c.ticket_id, c.old_value,
    coalesce(lag(c.changed_at) over (partition by c.ticket_id order by c.history_id), t."TKT-Created Time"),
    c.changed_at
  from changes c
  join tickets t on t."TKT-Ticket ID" = c.ticket_id and t.deleted_at is null
  union all
  select t."TKT-Ticket ID", t."TKT-Status", coalesce(c.changed_at, t."TKT-Created Time"), null
  from tickets t
  left join (select ticket_id, max(changed_at) as changed_at from changes group by ticket_id) c
    on c.ticket_id = t."TKT-Ticket ID"
  where t.deleted_at is null
),
-- sum() and min() ignore null as well: one period whose beginning is unknown makes the whole unknown.
statuses (ticket_id, status, is_current, periods, all_known, first_since, time_in_status) as (
  select
    ticket_id,
    status,
    bool_or(until is null),
    count(*),
    count(since) = count(*),
    min(since),
    sum(greatest(coalesce(until, now()) - since, interval '0'))
  from periods
  group by ticket_id, status
)
select
  ticket_id,
  status,
  is_current,
  periods,
  case when all_known then first_since end as first_since,
  case when all_known then time_in_status end as time_in_status,
  case when all_known then extract(epoch from time_in_status) end as seconds_in_status
from statuses;

create or replace view v_ticket_reassignments as
select
  t."TKT-Ticket ID" as ticket_id,
  count(h.history_id) filter (where h.column_name = 'TKT-Assigned To User') as reassignments,
  count(h.history_id) filter (where h.column_name = 'TKT-Team') as team_changes,
  max(h.changed_at) as last_change
from tickets t
left join ticket_history h
  on h.ticket_id = t."TKT-Ticket ID" and h.column_name in ('TKT-Assigned To User', 'TKT-Team') and h.old_value <> ''
where t.deleted_at is null
group by t."TKT-Ticket ID";
