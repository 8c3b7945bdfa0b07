-- What to do about a failure was only in the log of the process that failed.
alter table etl_metadata add column error_remedy text;

comment on column etl_metadata.error_remedy is 'What to do about the error; null when nothing is known, or nothing went wrong.';
