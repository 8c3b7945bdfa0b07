-- Nearly all tickets are closed. A page that counts the others needs to know which statuses there are, so that an index finds
-- the tickets of those that are active, instead of reading every ticket.
create view v_statuses_in_use as
with recursive teams_in_use (team) as (
  -- One probe of the index per team and status, instead of every ticket.
  select min("TKT-Team") from tickets
  union all
  select (select min("TKT-Team") from tickets where "TKT-Team" > teams_in_use.team)
  from teams_in_use
  where team is not null
),
with_team (team, status) as (
  select team, (select min("TKT-Status") from tickets where "TKT-Team" = teams_in_use.team)
  from teams_in_use
  where team is not null
  union all
  select
    team, (select min("TKT-Status") from tickets where "TKT-Team" = with_team.team and "TKT-Status" > with_team.status)
  from with_team
  where status is not null
),
without_team (status) as (
  select min("TKT-Status") from tickets where "TKT-Team" is null
  union all
  select (select min("TKT-Status") from tickets where "TKT-Team" is null and "TKT-Status" > without_team.status)
  from without_team
  where status is not null
)
select status from with_team where status is not null
union
select status from without_team where status is not null;

comment on view v_statuses_in_use is 'Each status that a ticket has, also one that was deleted softly.';

-- Roles that read the reports were given those that were there then.
do $block$
declare
  grantee text;
begin
  for grantee in
    select distinct case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end
    from pg_class cross join lateral aclexplode(relacl) as acl
    where pg_class.oid = 'v_ticket_age'::regclass and privilege_type = 'SELECT' and acl.grantee <> relowner
  loop
    execute format('grant select on v_statuses_in_use to %s', grantee);
  end loop;
end
$block$;
