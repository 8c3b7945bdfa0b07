-- Times of one user that overlap: entries that were booked twice, or with a wrong time. Times are wall time of the day
-- that "TS-Date" says, so the change of the clocks does not matter. An entry that ends before it begins passes midnight.
create view v_timesheet_overlaps as
with entry as not materialized (
  select
    "TS-User Username" as username,
    "TS-Date" as day,
    "TS-Time From"::text as time_from,
    "TS-Time To"::text as time_to,
    "TS-Crm ID" as ticket_id,
    "TS-Hours" as hours,
    starts,
    case when ends < starts then ends + 86400 else ends end as ends,
    -- Conditions of whoever asks for some days reach the table through the window, and the times are read once for each row.
    count(*) over (partition by "TS-User Username", "TS-Date") as entries
  from timesheets
  cross join lateral (
    select
      -- In seconds; null where a time is missing or is none.
      case
        when "TS-Time From"::text ~ '^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?$'
        then extract(epoch from "TS-Time From"::text::interval)::float8
      end as starts,
      case
        when "TS-Time To"::text ~ '^(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?|24:00(:00)?)$'
        then extract(epoch from "TS-Time To"::text::interval)::float8
      end as ends
    offset 0
  ) as times
  where starts <> ends and deleted_at is null
)
select
  first.username,
  first.day,
  first.time_from,
  first.time_to,
  first.ticket_id,
  first.hours,
  second.day as other_day,
  second.time_from as other_time_from,
  second.time_to as other_time_to,
  second.ticket_id as other_ticket_id,
  second.hours as other_hours,
  (least(first.ends, second.ends) - second.starts) / 3600 as overlap_hours
from entry as first
join entry as second on second.username = first.username and second.day = first.day
where first.entries > 1 and second.entries > 1
  and (second.starts, coalesce(second.ticket_id, -1)) > (first.starts, coalesce(first.ticket_id, -1))
  and second.starts < first.ends
union all
select
  first.username, first.day, first.time_from, first.time_to, first.ticket_id, first.hours,
  second.day, second.time_from, second.time_to, second.ticket_id, second.hours,
  (least(first.ends, second.ends + 86400) - second.starts - 86400) / 3600
from entry as first
-- The next midnight is 23 to 25 hours later.
join entry as second
  on second.username = first.username
  and second.day between first.day + interval '23 hours' and first.day + interval '25 hours'
where first.ends > 86400 and second.starts + 86400 < first.ends;

comment on view v_timesheet_overlaps is
  'Each pair of timesheets of one user whose times overlap, also after midnight. One that begins when the other ends does not.';
comment on column v_timesheet_overlaps.day is 'As "TS-Date" of the entry that begins first has it.';
comment on column v_timesheet_overlaps.other_day is 'The same day, or the next one when the first entry passes midnight. A condition on both days reads only these.';
comment on column v_timesheet_overlaps.overlap_hours is 'How long both entries last at the same time.';

-- Roles that read the reports were given those that were there then.
do $block$
declare
  grantee text;
begin
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'v_user_activity'::regclass and privilege_type = 'SELECT' and acl.grantee <> relowner
  loop
    execute format('grant select on v_timesheet_overlaps to %s', grantee);
  end loop;
end
$block$;
