-- What the reports go by. Both tables are an admin's to change, and a change takes effect at once.
create table inactive_statuses (
  status text primary key
);

insert into inactive_statuses (status) values ('Closed'), ('Incident Resolved');

create table teams (
  team text primary key,
  display_name text,
  active boolean not null default true,
  first_seen timestamptz not null default now()
);

comment on table inactive_statuses is
  'Tickets with one of these statuses are done, all others are active, those without a status as well. Yours to change.';
comment on table teams is 'Every team that tickets were ever assigned to. Loads add new ones and change nothing else.';
comment on column teams.team is 'As "TKT-Team" has it.';
comment on column teams.display_name is 'What reports call the team, when that is something else.';
comment on column teams.active is 'Set it to false to leave the team out of v_team_tickets.';

-- Security definer, here and in refresh_user_lookup: what was granted to the role that loads does not cover tables that a
-- new version adds. Safe, for a body in SQL-standard form is bound when it is created, not by the caller's search path.
create function refresh_teams() returns bigint language sql security definer
begin atomic
  -- One probe of the index a team, instead of every ticket.
  with recursive seen (team) as (
    select min("TKT-Team") from tickets where "TKT-Team" > ''
    union all
    select (select min("TKT-Team") from tickets where "TKT-Team" > seen.team) from seen where seen.team is not null
  ),
  added as (
    insert into teams (team) select team from seen where team is not null on conflict do nothing returning team
  )
  select count(*) from added;
end;

comment on function refresh_teams() is
  'Adds the teams of new tickets to teams; every load of tickets calls it. Returns how many were new.';
