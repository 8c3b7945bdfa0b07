-- Rows that went missing and came back, added up as all that runs count.
alter table etl_run_totals
  add column records_missing bigint not null default 0,
  add column records_returned bigint not null default 0,
  add column records_rekeyed bigint not null default 0;

create or replace function add_run_to_totals() returns trigger language plpgsql
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
      coalesce(run.apply_seconds, 0), run.records_missing, run.records_returned, run.records_rekeyed
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
      apply_seconds = total.apply_seconds + excluded.apply_seconds,
      records_missing = total.records_missing + excluded.records_missing,
      records_returned = total.records_returned + excluded.records_returned,
      records_rekeyed = total.records_rekeyed + excluded.records_rekeyed
  $sql$, tg_table_schema) using new;
  return null;
end
$function$;
