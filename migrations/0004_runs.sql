-- One row a run. The records_* columns and load_* columns are read by dashboards that are older than otc-etl.
create table etl_metadata (
  run_id bigint generated always as identity primary key,
  view_name text not null,
  load_status text not null check (load_status in ('running', 'success', 'partial', 'failed', 'abandoned')),
  load_start timestamptz not null default now(),
  load_end timestamptz,
  load_duration_seconds double precision,
  -- The end of the load, when it was committed.
  last_load_time timestamptz,
  records_fetched bigint not null default 0,
  records_inserted bigint not null default 0,
  records_updated bigint not null default 0,
  -- Unchanged and duplicates.
  records_skipped bigint not null default 0,
  records_errors bigint not null default 0,
  records_unchanged bigint not null default 0,
  -- Earlier records of a key that came again in the same document.
  records_duplicates bigint not null default 0,
  error_code text,
  error_message text,
  -- Where the document came from, and what it was: its bytes after decompression.
  source text not null,
  payload_bytes bigint,
  payload_sha256 text,
  -- U+0000 taken out of texts, and halves of surrogate pairs replaced by U+FFFD.
  nuls_removed bigint not null default 0,
  surrogates_replaced bigint not null default 0,
  -- Schema drift: fields the view does not define, with the number of records; fields of the view that no record had.
  unknown_fields jsonb,
  absent_fields jsonb,
  host text not null,
  pid integer not null,
  otc_etl_version text not null,
  -- A committed run accounts for every record.
  check (
    load_status not in ('success', 'partial')
    or (
      records_fetched = records_inserted + records_updated + records_skipped + records_errors
      and records_skipped = records_unchanged + records_duplicates
    )
  )
);

create index etl_metadata_view on etl_metadata (view_name, run_id desc);

-- Records that could not become rows. Raw records are text: jsonb refuses what some of them hold.
create table etl_rejects (
  reject_id bigint generated always as identity primary key,
  run_id bigint not null references etl_metadata (run_id),
  view_name text not null,
  -- The record's place in the document, from 1.
  position bigint not null,
  record_key text,
  -- The API's name of the field to blame, when it is one.
  column_name text,
  reason text not null,
  message text not null,
  -- When the database refused the record: why, by its own code.
  sql_state text,
  raw_record text not null,
  rejected_at timestamptz not null default now()
);

create index etl_rejects_run on etl_rejects (run_id);
