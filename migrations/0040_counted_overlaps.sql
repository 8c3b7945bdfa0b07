-- Timesheets that overlap were found at each request of a page, from all timesheets of its weeks: seconds for a quarter at
-- production size. Loads count them by user and day, and a page reads the counts.

create view v_timesheet_times as
select
  "TS-User Username" as username,
  "TS-Date" as day,
  "TS-Time From"::text as time_from,
  "TS-Time To"::text as time_to,
  "TS-Crm ID" as ticket_id,
  "TS-Hours" as hours,
  starts,
  case when ends < starts then ends + 86400 else ends end as ends
from timesheets
cross join lateral (
  select
    -- Null where a time is missing or is none. Only immutable functions, which rules out casts to time and interval: others
    -- may not be here where the table is distributed.
    case
      when "TS-Time From"::text ~ '^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?$'
      then split_part("TS-Time From"::text, ':', 1)::float8 * 3600 + split_part("TS-Time From"::text, ':', 2)::float8 * 60
        + coalesce(nullif(split_part("TS-Time From"::text, ':', 3), ''), '0')::float8
    end as starts,
    case
      when "TS-Time To"::text ~ '^(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.]0+)?)?|24:00(:00)?)$'
      then split_part("TS-Time To"::text, ':', 1)::float8 * 3600 + split_part("TS-Time To"::text, ':', 2)::float8 * 60
        + coalesce(nullif(split_part("TS-Time To"::text, ':', 3), ''), '0')::float8
    end as ends
  -- Without this, the times would be read again wherever they are used, and not once for all rows with the same texts.
  offset 0
) as times
where starts <> ends and deleted_at is null;

comment on view v_timesheet_times is
  'The timesheets with a beginning and an end as times of the day. An entry that ends before it begins passes midnight.';
comment on column v_timesheet_times.starts is 'Seconds since the beginning of the day, by the clock.';
comment on column v_timesheet_times.ends is 'The same; more than 86400 when the entry passes midnight.';

-- Only an entry that begins before the end of an earlier one of the same day is the second of a pair, so that the others
-- need not be joined. Conditions on the user and on other_day reach the second entry through the window, those on day the first.
create or replace view v_timesheet_overlaps as
with entry as not materialized (
  select
    times.*,
    max(ends) over (
      partition by username, day order by starts, coalesce(ticket_id, -1) rows between unbounded preceding and 1 preceding
    ) as busy_until
  from v_timesheet_times as times
)
select
  second.username,
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
from entry as second
join v_timesheet_times as first on first.username = second.username and first.day = second.day
where second.starts < second.busy_until
  and (second.starts, coalesce(second.ticket_id, -1)) > (first.starts, coalesce(first.ticket_id, -1))
  and second.starts < first.ends
union all
select
  first.username, first.day, first.time_from, first.time_to, first.ticket_id, first.hours,
  second.day, second.time_from, second.time_to, second.ticket_id, second.hours,
  (least(first.ends, second.ends + 86400) - second.starts - 86400) / 3600
from v_timesheet_times as first
-- The next midnight is 23 to 25 hours later.
join v_timesheet_times as second
  on second.username = first.username
  and second.day between first.day + interval '23 hours' and first.day + interval '25 hours'
where first.ends > 86400 and second.starts + 86400 < first.ends;

create table timesheet_overlap_days (
  username text not null,
  day timestamptz not null,
  pairs integer not null,
  hours double precision not null,
  passes_midnight boolean not null,
  entries bigint not null,
  versions bigint not null,
  primary key (username, day)
);

comment on table timesheet_overlap_days is
  'How many pairs of timesheets overlap, for each user and day of the last 13 weeks of the timesheets. Loads of timesheets keep it up; v_timesheet_overlaps has the pairs.';
comment on column timesheet_overlap_days.day is 'As "TS-Date" has it. A pair counts for the day of the entry that begins first.';
comment on column timesheet_overlap_days.hours is 'How long both entries of each pair last at the same time.';
comment on column timesheet_overlap_days.passes_midnight is 'Whether an entry passes midnight, so that pairs depend on the next day.';
comment on column timesheet_overlap_days.entries is 'The rows of the user and day when they were counted.';
comment on column timesheet_overlap_days.versions is
  'The sum of the numbers of the transactions that wrote these rows. When it or entries differ, somebody has written, and the next load of timesheets that writes counts this user and day again.';

create function refresh_timesheet_overlaps() returns bigint language plpgsql security definer as $function$
#variable_conflict use_column
declare
  beginning timestamptz;
  -- The users and days to be counted, with what is to be recorded of each; null where the table has no row of them.
  changed_users text[];
  changed_days timestamptz[];
  changed_entries bigint[];
  changed_versions bigint[];
  -- Those with pairs, or with an entry that passes midnight.
  counted_users text[];
  counted_days timestamptz[];
  counted_pairs bigint[];
  counted_hours float8[];
  counted_midnights boolean[];
  removed bigint;
  written bigint;
begin
  perform pg_advisory_xact_lock('timesheet_overlap_days'::regclass::bigint);
  -- The 13 weeks that the page of the service desk can show, so that it takes as long next year.
  select max("TS-Date") - interval '2184 hours' into beginning from timesheets where "TS-Date" <= now();

  with found as materialized (
    select "TS-User Username" as username, "TS-Date" as day, count(*) as entries,
      -- By the age, because the number itself can be read as text only. Both are those of the server that has the rows.
      sum(age('3'::xid)::bigint - age(xmin))::bigint as versions
    from timesheets
    where "TS-Date" > beginning
    group by 1, 2
  ),
  compared as (
    select
      coalesce(found.username, known.username) as username, coalesce(found.day, known.day) as day,
      found.entries, found.versions, passes_midnight,
      (found.entries, found.versions) is distinct from (known.entries, known.versions) as differs
    from found
    full join timesheet_overlap_days as known on known.username = found.username and known.day = found.day
  )
  select array_agg(username), array_agg(day), array_agg(entries), array_agg(versions)
  into changed_users, changed_days, changed_entries, changed_versions
  from compared
  where differs or passes_midnight and exists (
    select from compared as next
    where next.differs and next.username = compared.username
      and next.day between compared.day + interval '23 hours' and compared.day + interval '25 hours'
  );
  if changed_users is null then
    return 0;
  end if;

  -- As v_timesheet_overlaps, for these users and days. Day first, because an index has them in this order; the names in the
  -- order of their bytes, which is found several times sooner than that of a language.
  with changed as materialized (
    select username, day from unnest(changed_users, changed_days) as one (username, day)
  ),
  entry as (
    select
      times.username, times.day, starts, ends,
      max(ends) over earlier as busy_until,
      array_agg(ends) over earlier as earlier_ends
    from changed
    join v_timesheet_times as times on times.username = changed.username and times.day = changed.day
    where times.day > beginning
    window earlier as (
      partition by times.day, times.username collate "C" order by starts, coalesce(ticket_id, -1)
      groups between unbounded preceding and 1 preceding
    )
  )
  select array_agg(username), array_agg(day), array_agg(pairs), array_agg(hours), array_agg(passes_midnight)
  into counted_users, counted_days, counted_pairs, counted_hours, counted_midnights
  from (
    select
      username, day, coalesce(sum(pairs), 0) as pairs, coalesce(sum(hours), 0) as hours, bool_or(ends > 86400) as passes_midnight
    from entry
    left join lateral (
      select count(*) as pairs, sum(least(first_ends, ends) - starts) / 3600 as hours
      from unnest(case when starts < busy_until then earlier_ends end) as first_ends
      where first_ends > starts
    ) as overlap on true
    where starts < busy_until or ends > 86400
    group by username, day
    having sum(pairs) > 0 or bool_or(ends > 86400)
  ) as counts;

  if true = any (counted_midnights) then
    with nightly as materialized (
      select username, day from unnest(counted_users, counted_days, counted_midnights) as one (username, day, passes) where passes
    ),
    pair as (
      select first.username, first.day, (least(first.ends, second.ends + 86400) - second.starts - 86400) / 3600 as hours
      from nightly
      join v_timesheet_times as first on first.username = nightly.username and first.day = nightly.day
      join v_timesheet_times as second
        on second.username = first.username
        and second.day between first.day + interval '23 hours' and first.day + interval '25 hours'
      where first.ends > 86400 and second.starts + 86400 < first.ends
    ),
    added as (
      select username, day, count(*) as pairs, sum(hours) as hours from pair group by 1, 2
    )
    select
      array_agg(counted.pairs + coalesce(added.pairs, 0)), array_agg(counted.hours + coalesce(added.hours, 0)),
      array_agg(counted.username), array_agg(counted.day), array_agg(passes)
    into counted_pairs, counted_hours, counted_users, counted_days, counted_midnights
    from unnest(counted_users, counted_days, counted_pairs, counted_hours, counted_midnights)
      as counted (username, day, pairs, hours, passes)
    left join added on added.username = counted.username and added.day = counted.day;
  end if;

  delete from timesheet_overlap_days as known
  using unnest(changed_users, changed_days, changed_entries) as changed (username, day, entries)
  where known.username = changed.username and known.day = changed.day and changed.entries is null;
  get diagnostics removed = row_count;

  insert into timesheet_overlap_days as known (username, day, pairs, hours, passes_midnight, entries, versions)
  select
    changed.username, changed.day, coalesce(count.pairs, 0), coalesce(count.hours, 0),
    coalesce(count.passes_midnight, false), changed.entries, changed.versions
  from unnest(changed_users, changed_days, changed_entries, changed_versions) as changed (username, day, entries, versions)
  left join unnest(counted_users, counted_days, counted_pairs, counted_hours, counted_midnights)
    as count (username, day, pairs, hours, passes_midnight)
    on count.username = changed.username and count.day = changed.day
  where changed.entries is not null
  on conflict (username, day) do update
  set pairs = excluded.pairs, hours = excluded.hours, passes_midnight = excluded.passes_midnight,
    entries = excluded.entries, versions = excluded.versions;
  get diagnostics written = row_count;
  return removed + written;
end
$function$;

comment on function refresh_timesheet_overlaps() is
  'Brings timesheet_overlap_days up to date; loads that wrote timesheets call it. Returns how many rows it wrote.';
call restrict_execute('refresh_timesheet_overlaps()', 'INSERT');

do $block$
declare
  grantee text;
begin
  -- Its body names no schema, and nobody's own search path may say what it reads.
  execute format('alter function refresh_timesheet_overlaps() set search_path = pg_catalog, %I, pg_temp', current_schema());
  -- Roles that read the reports were given those that were there then.
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'v_timesheet_overlaps'::regclass and privilege_type = 'SELECT' and acl.grantee <> relowner
  loop
    execute format('grant select on v_timesheet_times, timesheet_overlap_days to %s', grantee);
  end loop;
end
$block$;
