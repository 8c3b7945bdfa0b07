-- Old runs can be deleted, and the changes that they saw stay: run_id then names a run that is no longer recorded.
alter table ticket_history drop constraint ticket_history_run_id_fkey;

comment on column ticket_history.run_id is
  'The run that saw the change. Runs older than OTC_KEEP_RUNS are no longer in etl_metadata.';

-- Old rejected records are found without reading the others.
create index etl_rejects_rejected_at on etl_rejects (rejected_at);
