-- What the alert webhook was told, a row for each view and condition: so that it is told once, whoever looks.
create table alert_state (
  view_name text not null,
  condition text not null,
  -- Whether the last message about it said that it is broken.
  told boolean not null default false,
  -- When such a message was last sent.
  told_at timestamptz,
  -- Since when it is seen to be broken, until it is told that it is well again.
  broken_since timestamptz,
  primary key (view_name, condition)
);

comment on table alert_state is 'What OTC_ALERT_WEBHOOK was told: each break once, and once that it is over.';
comment on column alert_state.condition is 'One of those of OTC_ALERT_ON.';
comment on column alert_state.told is 'Whether the last message about it said that it is broken.';
comment on column alert_state.told_at is 'When such a message was last sent.';
comment on column alert_state.broken_since is
  'Since when it is seen to be broken, until it is told that it is well again.';
