-- What analysts ask for most. All of it is bound to the tables when it is created, whatever the caller's search path.

create view v_orphaned_data as
select 'comments' as view_name, ticket_id, user_id as username, created_time as recorded_at
from comments
where not exists (select from tickets where "TKT-Ticket ID" = ticket_id)
union all
select 'timesheets', "TS-Crm ID", "TS-User Username", "TS-Date"
from timesheets
where "TS-Crm ID" is not null and not exists (select from tickets where "TKT-Ticket ID" = "TS-Crm ID");

comment on view v_orphaned_data is
  'Comments and timesheets whose ticket is not in tickets. Internal time, which names none, is not among them.';
comment on column v_orphaned_data.recorded_at is 'When the comment was made; the day the timesheet is for.';

-- Thirty times 24 hours, and instants instead of dates: days would begin and end by the time zone of whoever asks.
create view v_user_activity as
select
  "TS-User Username" as username,
  full_name,
  count(distinct "TS-Crm ID") as tickets,
  sum("TS-Hours") as hours,
  count(distinct "TS-Date") as days_active
from timesheets
left join user_lookup on username = "TS-User Username"
where "TS-Date" > now() - interval '720 hours' and "TS-Date" <= now()
group by "TS-User Username", full_name;

comment on view v_user_activity is 'What each user booked in the last 30 days; users who booked nothing have no row.';
comment on column v_user_activity.full_name is 'By user_lookup; null when it is not known.';
comment on column v_user_activity.tickets is 'Different tickets that time was booked on.';
comment on column v_user_activity.days_active is 'Different days that time was booked for.';

create view v_ticket_age as
select
  ticket_id, title, team, status, severity, assigned_to, created_time, age_days,
  case
    when age_days is null then 'unknown'
    when age_days <= 1 then '0-1 days'
    when age_days <= 7 then '2-7 days'
    when age_days <= 30 then '8-30 days'
    when age_days <= 90 then '31-90 days'
    else '91+ days'
  end as age_bucket
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
  where not exists (select from inactive_statuses where inactive_statuses.status = "TKT-Status")
) as active;

comment on view v_ticket_age is
  'Every active ticket and its age. Active is a ticket whose status is not in inactive_statuses, or that has none.';
comment on column v_ticket_age.age_days is 'Whole days of 24 hours since it was created; null when that is not known.';

create view v_team_tickets as
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
  select "TKT-Team" as team, count(*) as tickets from tickets group by "TKT-Team"
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

comment on view v_team_tickets is 'The tickets of each active team of the table teams; one without any has a row of zeros.';
comment on column v_team_tickets.unassigned_tickets is 'Active tickets that nobody is assigned to.';
comment on column v_team_tickets.oldest_active is 'When the oldest active ticket was created.';

create function get_team_backlog(team text)
returns table (
  ticket_id bigint,
  title text,
  status text,
  severity text,
  assigned_to text,
  created_time timestamptz,
  age_days integer
)
language sql stable parallel safe
begin atomic
  -- Nearly everything is closed. One probe of the index a status finds those in use, one more the tickets of each that
  -- is active; "not closed" alone would read every ticket of the team.
  with recursive used (status) as (
    select min("TKT-Status") from tickets where "TKT-Team" = get_team_backlog.team
    union all
    select (
      select min("TKT-Status") from tickets where "TKT-Team" = get_team_backlog.team and "TKT-Status" > used.status
    )
    from used
    where used.status is not null
  ),
  backlog as (
    select found.*
    from used
    cross join lateral (
      select * from v_ticket_age
      where v_ticket_age.team = get_team_backlog.team and v_ticket_age.status = used.status
      -- Keeps the planner, which cannot know how rare these are, from joining with all of them instead.
      offset 0
    ) as found
    where not exists (select from inactive_statuses where inactive_statuses.status = used.status)
    union all
    select * from v_ticket_age where v_ticket_age.team = get_team_backlog.team and status is null
  )
  select ticket_id, title, status, severity, assigned_to, created_time, age_days
  from backlog
  order by created_time, ticket_id;
end;

comment on function get_team_backlog(text) is 'The active tickets of a team with their age, oldest first.';

create function get_user_workload(full_name text)
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
      and "TS-Date" > now() - interval '720 hours' and "TS-Date" <= now()
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

comment on function get_user_workload(text) is
  'One row of the person with this full name: user names, active tickets assigned, by status and by severity, the age of '
  'the oldest, and what v_user_activity tells of the last 30 days, for all the user names together.';
