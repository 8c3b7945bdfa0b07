-- A document in a new format has as many rejected records as records. Only some of them are stored, all are counted.
alter table etl_metadata add column reject_reasons jsonb;
alter table etl_metadata add column rejects_stored bigint;

comment on column etl_metadata.reject_reasons is
  'How many rejected records the run had for each reason and field, also of those that are not stored in etl_rejects.';
comment on column etl_metadata.rejects_stored is
  'How many of the run''s rejected records were stored in etl_rejects, whether they have been loaded or removed since or not.';
