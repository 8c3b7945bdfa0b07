-- What a run cost: its transaction, its time by step, what it wrote and how much memory it took.
alter table etl_metadata
  -- Of the load's transaction: 1 and 0, or 0 and 1; both 0 when it never began.
  add column commits integer not null default 0,
  add column rollbacks integer not null default 0,
  -- Savepoints set, and how often a fetch or a write was tried again from one.
  add column savepoints integer not null default 0,
  add column retries integer not null default 0,
  add column transaction_seconds double precision,
  -- Until the answer began, waits for the pace included; then the document into staging; then the comparison; then the
  -- writing.
  add column fetch_seconds double precision,
  add column stage_seconds double precision,
  add column classify_seconds double precision,
  add column apply_seconds double precision,
  -- Written by the whole server while the transaction lasted: an upper bound for the load's own.
  add column wal_bytes bigint,
  add column peak_memory_bytes bigint;
