-- Who is who. Timesheets and comments know people by a short user name, tickets by their full names.
create table user_lookup (
  username text primary key,
  full_name text not null check (full_name <> ''),
  source text not null check (source in ('manual', 'timesheets', 'matched')),
  updated_at timestamptz not null default now()
);

comment on table user_lookup is
  'The full name of each user name. Loads keep it up; otc-etl users set and unset change it, and their entries always win.';
comment on column user_lookup.source is
  'manual: set by hand. timesheets: as the newest have it. matched: the only one whom comments name, or whose name fits.';

-- For finding the names among tickets and comments without reading them all, and for a person's tickets.
create index tickets_assigned_to_user on tickets ("TKT-Assigned To User");
create index comments_user on comments (user_id, user_name);

create function plain_letters(name text) returns text language sql immutable strict parallel safe
begin atomic
  select lower(regexp_replace(normalize(name, nfkd), '[^[:alnum:]]|[\u0300-\u036f]', '', 'g'));
end;

comment on function plain_letters(text) is 'Letters and digits alone, lower case and without accents.';

create function username_forms(full_name text) returns setof text language sql immutable strict parallel safe
begin atomic
  with spellings (name) as (
    values (full_name), (regexp_replace(normalize(full_name, nfd), '([AOUaou])\u0308', '\1e', 'g'))
  ),
  parts (first, last) as (
    select plain_letters(substring(name from '^\S+')), plain_letters(last)
    from spellings
    cross join lateral (values (substring(name from '\S+$')), (substring(name from '^\S+\s+(.*)$'))) as endings (last)
  )
  select form
  from parts
  cross join lateral (
    values (left(first, 1) || last), (first || last), (last || first), (last || left(first, 1))
  ) as forms (form)
  where first <> '' and last <> ''
  group by form;
end;

comment on function username_forms(text) is
  'The user names that may stand for a full name, in plain letters: jmuller, jmueller, mullerj, jurgenmuller and so on for '
  'Jürgen Müller. Never a last name alone: two people may share it.';

create view v_booked_users as
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
  where "TS-User Username" between username and username and "TS-User Full Name" <> ''
  order by "TS-User Username" desc, "TS-Date" desc
  limit 1
) as booked (last_date) on true
left join lateral (
  select "TS-User Full Name"
  from timesheets
  where "TS-User Username" = username and "TS-Date" = booked.last_date and "TS-User Full Name" <> ''
  group by "TS-User Full Name"
  order by count(*) desc, "TS-User Full Name"
  limit 1
) as latest (full_name) on true
where username is not null;

comment on view v_booked_users is
  'Each user of the timesheets, with the full name that most entries of the newest day with one have; null when none has.';

create view v_user_candidates as
with recursive commented (user_id, user_name) as (
  (select user_id, user_name from comments where user_id is not null order by user_id, user_name limit 1)
  union all
  select following.user_id, following.user_name
  from commented
  cross join lateral (
    select user_id, user_name
    from comments
    where (user_id, user_name) > (commented.user_id, commented.user_name)
    order by user_id, user_name
    limit 1
  ) as following
),
assigned (name) as (
  select min("TKT-Assigned To User") from tickets
  union all
  select (select min("TKT-Assigned To User") from tickets where "TKT-Assigned To User" > name)
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
  select distinct "TKT-Created By User" from tickets
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

comment on view v_user_candidates is
  'Who a user name without a full name in timesheets may be: those whom comments name beside it, else those whom it fits.';

create function refresh_user_lookup() returns bigint language sql security definer
begin atomic
  with known (username, full_name, source) as materialized (
    select username, full_name, 'timesheets' from v_booked_users where full_name is not null
    union all
    select username, min(full_name), 'matched' from v_user_candidates group by username having count(*) = 1
  ),
  removed as (
    delete from user_lookup
    where source <> 'manual' and not exists (select from known where known.username = user_lookup.username)
    returning username
  ),
  -- Sorted, so that of two loads with the same entries one waits, instead of both for each other.
  written as (
    insert into user_lookup (username, full_name, source)
    select username, full_name, source from known order by username
    on conflict (username) do update
    set full_name = excluded.full_name, source = excluded.source, updated_at = now()
    where user_lookup.source <> 'manual'
      and (user_lookup.full_name, user_lookup.source) is distinct from (excluded.full_name, excluded.source)
    returning username
  )
  select (select count(*) from removed) + (select count(*) from written);
end;

comment on function refresh_user_lookup() is
  'Brings user_lookup up to date; every load that wrote something calls it. Returns how many entries it changed.';

create function get_full_name(short text) returns text language sql stable parallel safe
begin atomic
  select full_name from user_lookup where username = short;
end;

comment on function get_full_name(text) is 'The full name of a user name; null when it is not known.';

create function get_short_username(full_name text) returns text language sql stable parallel safe
begin atomic
  select username
  from user_lookup
  where user_lookup.full_name = get_short_username.full_name
  order by
    source = 'manual' desc,
    (select max("TS-Date") from timesheets where "TS-User Username" = username) desc nulls last,
    username
  limit 1;
end;

comment on function get_short_username(text) is
  'The user name of a full name; of several a manual one, else the one that booked last. Null when there is none.';

create view v_user_conflicts as
with manual (username, full_name) as (
  select username, full_name from user_lookup where source = 'manual'
),
recorded (username, full_name) as (
  select distinct "TS-User Username", "TS-User Full Name"
  from timesheets
  where "TS-User Full Name" <> '' and "TS-User Username" not in (select username from manual)
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

comment on view v_user_conflicts is
  'Where the records do not agree who is who, and no manual entry has settled it. Reads all timesheets: about a second.';
comment on column v_user_conflicts.kind is
  'username: one user name with several full names. full name: one full name with several user names.';
comment on column v_user_conflicts.chosen is 'What user_lookup goes by; null when it does not guess.';
