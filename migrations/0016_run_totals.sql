-- The runs added up, so that what counts them need not read them all: 100,000 of them take a quarter of a second.
create table etl_run_totals (
  view_name text not null,
  kind text not null,
  load_status text not null,
  -- Empty where a run has none.
  error_code text not null,
  runs bigint not null,
  last_run_id bigint not null,
  last_load_time timestamptz,
  records_inserted bigint not null,
  records_updated bigint not null,
  records_unchanged bigint not null,
  records_duplicates bigint not null,
  records_errors bigint not null,
  payload_bytes numeric not null,
  commits bigint not null,
  rollbacks bigint not null,
  retries bigint not null,
  fetch_seconds double precision not null,
  stage_seconds double precision not null,
  classify_seconds double precision not null,
  apply_seconds double precision not null,
  primary key (view_name, kind, load_status, error_code)
);

comment on table etl_run_totals is
  'The runs of etl_metadata that have ended, added up by how they ended. It only grows, also when old runs are deleted; a run given up for dead that ends after all is in it twice.';
comment on column etl_run_totals.error_code is 'As in etl_metadata; empty where a run has none.';
comment on column etl_run_totals.last_run_id is 'The newest of these runs.';
comment on column etl_run_totals.last_load_time is 'The latest of these runs.';

insert into etl_run_totals
select
  view_name, kind, load_status, coalesce(error_code, ''), count(*), max(run_id), max(last_load_time),
  coalesce(sum(records_inserted), 0), coalesce(sum(records_updated), 0), coalesce(sum(records_unchanged), 0),
  coalesce(sum(records_duplicates), 0), coalesce(sum(records_errors), 0), coalesce(sum(payload_bytes), 0),
  sum(commits), sum(rollbacks), sum(retries),
  coalesce(sum(fetch_seconds), 0), coalesce(sum(stage_seconds), 0), coalesce(sum(classify_seconds), 0),
  coalesce(sum(apply_seconds), 0)
from etl_metadata
where load_status <> 'running'
group by view_name, kind, load_status, error_code;

-- As its owner, so that a role which loads needs no right to this table; the schema is that of the run, whatever it is
-- called and whatever the search path.
create function add_run_to_totals() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $function$
begin
  execute format($sql$
    insert into %I.etl_run_totals as total
    select
      run.view_name, run.kind, run.load_status, coalesce(run.error_code, ''), 1, run.run_id, run.last_load_time,
      coalesce(run.records_inserted, 0), coalesce(run.records_updated, 0), coalesce(run.records_unchanged, 0),
      coalesce(run.records_duplicates, 0), coalesce(run.records_errors, 0), coalesce(run.payload_bytes, 0),
      run.commits, run.rollbacks, run.retries,
      coalesce(run.fetch_seconds, 0), coalesce(run.stage_seconds, 0), coalesce(run.classify_seconds, 0),
      coalesce(run.apply_seconds, 0)
    from (select ($1).*) run
    on conflict (view_name, kind, load_status, error_code) do update
    set runs = total.runs + excluded.runs,
      last_run_id = greatest(total.last_run_id, excluded.last_run_id),
      last_load_time = greatest(total.last_load_time, excluded.last_load_time),
      records_inserted = total.records_inserted + excluded.records_inserted,
      records_updated = total.records_updated + excluded.records_updated,
      records_unchanged = total.records_unchanged + excluded.records_unchanged,
      records_duplicates = total.records_duplicates + excluded.records_duplicates,
      records_errors = total.records_errors + excluded.records_errors,
      payload_bytes = total.payload_bytes + excluded.payload_bytes,
      commits = total.commits + excluded.commits,
      rollbacks = total.rollbacks + excluded.rollbacks,
      retries = total.retries + excluded.retries,
      fetch_seconds = total.fetch_seconds + excluded.fetch_seconds,
      stage_seconds = total.stage_seconds + excluded.stage_seconds,
      classify_seconds = total.classify_seconds + excluded.classify_seconds,
      apply_seconds = total.apply_seconds + excluded.apply_seconds
  $sql$, tg_table_schema) using new;
  return null;
end
$function$;

comment on function add_run_to_totals() is 'Adds a run that has ended to etl_run_totals.';

create trigger etl_metadata_inserted after insert on etl_metadata
for each row when (new.load_status <> 'running') execute function add_run_to_totals();

create trigger etl_metadata_ended after update of load_status on etl_metadata
for each row when (new.load_status <> 'running' and new.load_status is distinct from old.load_status)
execute function add_run_to_totals();

-- The last runs of a view and kind, and whether a view is being loaded: neither is to take longer the more is on record.
create index etl_metadata_kind on etl_metadata (view_name, kind, run_id desc);
create index etl_metadata_running on etl_metadata (view_name) where load_status = 'running';
