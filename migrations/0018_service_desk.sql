-- What the page of the service desk is drawn from. Tickets opened and closed are counted by these indexes, a few tens of
-- thousands of the rows in half a year; hours and times in status would take longer, so loads keep them up.
create index tickets_created_time on tickets ("TKT-Created Time");
create index tickets_closure_date on tickets ("TKT-Closure Date");

create table team_hours (
  day timestamptz not null,
  team text,
  is_internal boolean not null,
  is_billable boolean not null,
  hours numeric not null,
  unique nulls not distinct (day, team, is_internal, is_billable)
);

comment on table team_hours is
  'Hours booked a day and team in the last 14 weeks of the timesheets. Loads of tickets and timesheets keep it up.';
comment on column team_hours.day is 'As "TS-Date" has it.';
comment on column team_hours.team is
  'Of the ticket the time was booked on, as it is now; null when the ticket is not in tickets, or has none.';
comment on column team_hours.is_internal is 'Whether the time was booked on no ticket.';
comment on column team_hours.is_billable is 'False also where the timesheet does not say.';

create function refresh_team_hours() returns bigint language sql security definer
begin atomic
  -- Of loads of tickets and timesheets at a time the second waits here for COMMIT of the first, and then sees its rows.
  select pg_advisory_xact_lock('team_hours'::regclass::bigint);
  -- 14 weeks, 13 of them whole, so that it takes as long next year. In hours: not all days of all time zones have 24.
  with booked (day, team, is_internal, is_billable, hours) as materialized (
    select
      "TS-Date", nullif("TKT-Team", ''), "TS-Crm ID" is null, coalesce("TS-Billable", false),
      coalesce(sum("TS-Hours"), 0)
    from timesheets
    left join tickets on "TKT-Ticket ID" = "TS-Crm ID"
    where "TS-Date" > (select max("TS-Date") from timesheets where "TS-Date" <= now()) - interval '2352 hours'
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

comment on function refresh_team_hours() is
  'Brings team_hours up to date; loads that wrote tickets or timesheets call it. Returns how many rows it changed.';

create table status_stays (
  history_id bigint primary key references ticket_history (history_id) on delete cascade,
  status text,
  ended_at timestamptz not null,
  seconds double precision
);

create index status_stays_ended_at on status_stays (ended_at);

comment on table status_stays is
  'How long tickets stayed in a status they have left, a row a stay: what v_ticket_time_in_status tells ticket by ticket.';
comment on column status_stays.history_id is 'The change in ticket_history that ended the stay.';
comment on column status_stays.status is 'Null when the ticket had none.';
comment on column status_stays.seconds is 'Null when the ticket has no time of creation and this was its first status.';

create function refresh_status_stays() returns bigint language sql security definer
begin atomic
  -- History only grows, in the order of its ids, so what is not there yet comes after what is.
  with added as (
    insert into status_stays (history_id, status, ended_at, seconds)
    select
      history_id, old_value, greatest(changed_at, earlier.ended_at),
      extract(epoch from greatest(changed_at - coalesce(earlier.ended_at, "TKT-Created Time"), interval '0'))
    from ticket_history as change
    join tickets on "TKT-Ticket ID" = ticket_id
    cross join lateral (
      select max(previous.changed_at)
      from ticket_history as previous
      where previous.ticket_id = change.ticket_id
        and previous.column_name = 'TKT-Status'
        and previous.history_id < change.history_id
    ) as earlier (ended_at)
    where column_name = 'TKT-Status' and history_id > (select coalesce(max(history_id), 0) from status_stays)
    on conflict do nothing
    returning history_id
  )
  select count(*) from added;
end;

comment on function refresh_status_stays() is
  'Adds what loads have seen to status_stays; every load of tickets calls it. Returns how many stays were new.';

create function age_bucket(age_days integer) returns text language sql immutable parallel safe
begin atomic
  select case
    when age_days is null then 'unknown'
    when age_days <= 1 then '0-1 days'
    when age_days <= 7 then '2-7 days'
    when age_days <= 30 then '8-30 days'
    when age_days <= 90 then '31-90 days'
    else '91+ days'
  end;
end;

comment on function age_bucket(integer) is 'The ages that v_ticket_age tells apart, of whole days.';

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
  where not exists (select from inactive_statuses where inactive_statuses.status = "TKT-Status")
) as active;
