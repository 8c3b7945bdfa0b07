-- What a load changed in the tickets, column by column; which columns is OTC_HISTORY_COLUMNS.
create table ticket_history (
  history_id bigint generated always as identity primary key,
  run_id bigint not null references etl_metadata (run_id),
  -- No foreign key: a ticket's history may outlive its row.
  ticket_id bigint not null,
  changed_at timestamptz not null,
  column_name text not null,
  old_value text,
  new_value text
);

create index ticket_history_ticket on ticket_history (ticket_id, column_name, history_id);

comment on table ticket_history is 'Changes of tickets, a row a changed column, written by the load that saw them.';
comment on column ticket_history.run_id is 'The run in etl_metadata that saw the change.';
comment on column ticket_history.changed_at is
  'The ticket''s "TKT-Modified Time", when the change moved it on; else when the load saw the change.';
comment on column ticket_history.column_name is 'The column of tickets that changed.';
comment on column ticket_history.old_value is 'The value before, as text; null when there was none.';
comment on column ticket_history.new_value is 'The value since, as text; null when there is none.';

-- A status lasts from one change to the next: the first from the creation of the ticket, also when that was before its
-- history began, the last until now. History is in the order in which loads saw it, so no time runs backwards.
create view v_ticket_time_in_status as
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
)
select
  ticket_id,
  status,
  bool_or(until is null) as is_current,
  count(*) as periods,
  min(since) as first_since,
  sum(greatest(coalesce(until, now()) - since, interval '0')) as time_in_status,
  extract(epoch from sum(greatest(coalesce(until, now()) - since, interval '0'))) as seconds_in_status
from periods
group by ticket_id, status;

comment on view v_ticket_time_in_status is
  'How long each ticket has been in each status, from its creation until now; a row a ticket and status.';
comment on column v_ticket_time_in_status.is_current is 'Whether the ticket has this status now: its time goes on.';
comment on column v_ticket_time_in_status.periods is 'How often the ticket came into this status.';
comment on column v_ticket_time_in_status.first_since is
  'When it first did; null when the ticket has no time of creation.';
comment on column v_ticket_time_in_status.time_in_status is 'All periods together; null when it cannot be told.';

create view v_ticket_reassignments as
select
  t."TKT-Ticket ID" as ticket_id,
  count(h.history_id) filter (where h.column_name = 'TKT-Assigned To User') as reassignments,
  count(h.history_id) filter (where h.column_name = 'TKT-Team') as team_changes,
  max(h.changed_at) as last_change
from tickets t
left join ticket_history h
  on h.ticket_id = t."TKT-Ticket ID" and h.column_name in ('TKT-Assigned To User', 'TKT-Team') and h.old_value <> ''
group by t."TKT-Ticket ID";

comment on view v_ticket_reassignments is
  'How often each ticket went from one assignee, or team, to another since its history began. That somebody was first assigned is none.';
