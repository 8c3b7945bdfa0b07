-- Requests to OTC, of every process: cron starts a new one each time, and the pace rules hold for all of them together.
-- A few rows a night, so they are kept.
create table etl_requests (
  request_id uuid primary key,
  view_id text not null,
  requested_at timestamptz not null,
  -- The pause before the next request is counted from here; null while the answer is coming.
  answered_at timestamptz
);

create index etl_requests_requested_at on etl_requests (requested_at);

-- The circuit breaker: after some failed fetches in a row nobody asks OTC for a while, then one probe is let through.
create table etl_circuit (
  -- One row.
  circuit_id integer primary key default 1 check (circuit_id = 1),
  failures_in_row integer not null default 0,
  -- Set while the circuit is open.
  opened_at timestamptz,
  -- Set while a probe is under way.
  probe_at timestamptz
);

insert into etl_circuit default values;
