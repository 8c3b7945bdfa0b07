-- What a load saw in a sample of its document, for the next one to compare with.
create table etl_field_profiles (
  view_name text not null,
  -- The API's name of the field.
  field_name text not null,
  -- The run that saw it first; no foreign key, because it may outlive the record of that run.
  run_id bigint not null,
  records bigint not null,
  -- Without a value, or with an empty text.
  empty bigint not null,
  -- The distinct values, cut short, of a text that has few of them.
  distinct_values text[],
  primary key (view_name, field_name)
);

comment on table etl_field_profiles is
  'What the last committed load of each view saw in each field, in a sample of its document: how schema drift is noticed.';

alter table etl_metadata add column drift_warnings jsonb;

comment on column etl_metadata.drift_warnings is
  'What was different about the document''s fields at the last committed load: a list of kind, fields and message.';
