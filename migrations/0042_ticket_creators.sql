-- Every load that writes asks for the names of those who created tickets. Reading all tickets for them took a tenth of a night,
-- and after a first load, when the planner knows nothing of the table, they were sorted on disk. One probe of an index for
-- each name takes milliseconds.
create index tickets_created_by_user on tickets ("TKT-Created By User");

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
created (name) as (
  select min("TKT-Created By User") from tickets where deleted_at is null
  union all
  select (select min("TKT-Created By User") from tickets where "TKT-Created By User" > name and deleted_at is null)
  from created
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
  select name from created
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
