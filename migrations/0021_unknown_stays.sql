-- A stay in a status whose beginning is unknown, the first one of a ticket without a creation time, has no length.
-- greatest() ignores null, so it counted as zero seconds.
create or replace function refresh_status_stays() returns bigint language sql security definer
begin atomic
  -- History only grows, in the order of its ids, so what is not there yet comes after what is.
  with added as (
    insert into status_stays (history_id, status, ended_at, seconds)
    select
      history_id, old_value, greatest(changed_at, earlier.ended_at),
      case when began_at is not null then extract(epoch from greatest(changed_at - began_at, interval '0')) end
    from ticket_history as change
    join tickets on "TKT-Ticket ID" = ticket_id
    cross join lateral (
      select max(previous.changed_at)
      from ticket_history as previous
      where previous.ticket_id = change.ticket_id
        and previous.column_name = 'TKT-Status'
        and previous.history_id < change.history_id
    ) as earlier (ended_at)
    cross join lateral (values (coalesce(earlier.ended_at, "TKT-Created Time"))) as beginning (began_at)
    where column_name = 'TKT-Status' and history_id > (select coalesce(max(history_id), 0) from status_stays)
    on conflict do nothing
    returning history_id
  )
  select count(*) from added;
end;

-- The rows that were stored with zero seconds for that reason.
update status_stays
set seconds = null
from ticket_history as change
join tickets on "TKT-Ticket ID" = change.ticket_id
where change.history_id = status_stays.history_id
  and status_stays.seconds = 0
  and "TKT-Created Time" is null
  and not exists (
    select from ticket_history as previous
    where previous.ticket_id = change.ticket_id
      and previous.column_name = 'TKT-Status'
      and previous.history_id < change.history_id
  );

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
  join tickets t on t."TKT-Ticket ID" = c.ticket_id
  union all
  select t."TKT-Ticket ID", t."TKT-Status", coalesce(c.changed_at, t."TKT-Created Time"), null
  from tickets t
  left join (select ticket_id, max(changed_at) as changed_at from changes group by ticket_id) c
    on c.ticket_id = t."TKT-Ticket ID"
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

comment on column v_ticket_time_in_status.first_since is
  'When it first did; null when that was before its history began and the ticket has no creation time.';
comment on column v_ticket_time_in_status.time_in_status is
  'All periods together; null when the beginning of one of them is unknown.';
comment on column v_ticket_time_in_status.seconds_in_status is 'The same in seconds.';
