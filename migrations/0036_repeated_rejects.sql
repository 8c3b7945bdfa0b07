-- A record that OTC sends again and that is rejected again for the same reason is in the quarantine once.
alter table etl_rejects
  add column raw_sha256 bytea,
  add column occurrence bigint not null default 1,
  add column last_seen_run_id bigint,
  add column times_seen bigint not null default 1,
  -- Most rows of a run change again in the next one. With half of a page free, they change in their page, and no index does.
  set (fillfactor = 50);

comment on column etl_rejects.run_id is 'The run that rejected the record first.';
comment on column etl_rejects.raw_sha256 is
  'SHA-256 of the record as it came, by which the next run recognizes it; null in a row that no such load wrote.';
comment on column etl_rejects.occurrence is 'Of several equal records in one document, which one it is; from 1.';
-- No foreign key and no index: the next run changes it in most rows.
comment on column etl_rejects.last_seen_run_id is
  'The last run that rejected the record; null in a row that an older version wrote after the migration.';
comment on column etl_rejects.times_seen is 'How many runs have rejected the record.';
comment on column etl_rejects.rejected_at is 'When the record was rejected first.';

alter table etl_metadata add column rejects_seen_again int8multirange;
comment on column etl_metadata.rejects_seen_again is
  'The reject_id of records that this run rejected and that were in etl_rejects already. Those with its run_id were new.';
comment on column etl_metadata.rejects_stored is
  'How many of the run''s rejected records are in etl_rejects, new or seen again, whether they have been loaded or removed since or not.';

-- What earlier versions stored once a run becomes one row, the first one, and each run keeps which rows it saw.
create temporary table sightings on commit drop as
select
  reject_id, run_id, raw_sha256, occurrence,
  first_value(reject_id) over (
    partition by view_name, reason, raw_sha256, occurrence order by run_id, reject_id
  ) as kept_id
from (
  select
    *, row_number() over (partition by run_id, view_name, reason, raw_sha256 order by position, reject_id) as occurrence
  from (
    select reject_id, run_id, view_name, reason, position, sha256(convert_to(raw_record, 'UTF8')) as raw_sha256
    from etl_rejects
  ) hashed
) numbered;

update etl_metadata
set rejects_seen_again = again.rejects
from (
  select run_id, range_agg(int8range(kept_id, kept_id, '[]')) as rejects
  from sightings
  where reject_id <> kept_id
  group by run_id
) again
where etl_metadata.run_id = again.run_id;

delete from etl_rejects using sightings where etl_rejects.reject_id = sightings.reject_id and sightings.reject_id <> kept_id;

update etl_rejects
set raw_sha256 = record.raw_sha256, occurrence = record.occurrence, last_seen_run_id = record.last_run_id,
  times_seen = record.runs
from (
  select kept_id, raw_sha256, occurrence, max(run_id) as last_run_id, count(*) as runs
  from sightings
  group by kept_id, raw_sha256, occurrence
) record
where etl_rejects.reject_id = record.kept_id;

create unique index etl_rejects_record on etl_rejects (view_name, reason, raw_sha256, occurrence);
