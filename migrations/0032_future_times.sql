-- A clock that jumped leaves loads that seem to have been committed in the future. Their times are ignored. Rows that
-- were deleted softly are not among the contents.
create or replace view v_data_freshness as
with contents (view_name, latest_data_date, total_records) as (
  select 'tickets', greatest(max("TKT-Created Time"), max("TKT-Modified Time")), count(*) from tickets where deleted_at is null
  union all
  select 'comments', max(created_time), count(*) from comments where deleted_at is null
  union all
  select 'timesheets', max("TS-Date"), count(*) from timesheets where deleted_at is null
),
loads (view_name, last_loaded) as (
  select view_name, max(last_load_time)
  from etl_metadata
  where load_status in ('success', 'partial') and kind = 'load'
    and last_load_time <= statement_timestamp() + interval '1 minute'
  group by view_name
)
select
  contents.view_name,
  loads.last_loaded,
  now() - loads.last_loaded as age,
  contents.latest_data_date,
  contents.total_records
from contents
left join loads using (view_name);
