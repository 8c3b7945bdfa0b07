-- What the older tables mean, for docs/schema.md and for psql's \d+. Indexes and constraints have no comment on purpose:
-- a load would no longer drop and rebuild them.
comment on table tickets is 'Tickets of the last three years, with the field names of the API. None is ever deleted.';
comment on column tickets."TKT-Category" is 'What kind of ticket it is; never who is responsible.';
comment on column tickets."TKT-Team" is 'Who is responsible; never what kind of ticket it is.';
comment on column tickets."TKT-Created Time" is 'Written once; a later document does not change it.';
comment on column tickets.extra is 'Fields that the view does not define, as they came.';

comment on table comments is 'Every comment ever served; OTC serves those of the last ten days.';
comment on column comments.ticket_id is 'tickets."TKT-Ticket ID"; the ticket may be missing, see v_orphaned_data.';
comment on column comments.created_time is 'Written once; a later document does not change it.';
comment on column comments.extra is 'Fields that the view does not define, as they came.';

comment on table timesheets is
  'Timesheets of the last eighteen months, with the field names of the API. None is ever deleted. An entry is a user, a '
  'day, a start and a ticket.';
comment on column timesheets."TS-Date" is 'The day worked, as midnight in OTC_TIMEZONE.';
comment on column timesheets."TS-Time From" is 'Null for internal time of a whole day.';
comment on column timesheets."TS-Crm ID" is
  'tickets."TKT-Ticket ID", null for internal time. The ticket may be older than tickets goes back, see v_orphaned_data.';
comment on column timesheets.extra is 'Fields that the view does not define, as they came.';

comment on table etl_metadata is 'One row a run of a load. It is committed before the load begins, so a crash leaves a trace.';
comment on column etl_metadata.load_status is
  'running; success; partial: committed, with records in quarantine; failed: rolled back; abandoned: its process died.';
comment on column etl_metadata.last_load_time is 'The end of the load, when it was committed.';
comment on column etl_metadata.records_fetched is 'Inserted, updated, skipped and errors add up to it.';
comment on column etl_metadata.records_skipped is 'Unchanged and duplicates.';
comment on column etl_metadata.records_errors is 'Records put in quarantine, see etl_rejects.';
comment on column etl_metadata.records_duplicates is 'Earlier records of a key that came again in the same document.';
comment on column etl_metadata.payload_bytes is 'Bytes of the document after decompression.';
comment on column etl_metadata.nuls_removed is 'U+0000 taken out of texts.';
comment on column etl_metadata.surrogates_replaced is 'Halves of surrogate pairs replaced by U+FFFD.';
comment on column etl_metadata.unknown_fields is 'Fields the view does not define, with the number of records.';
comment on column etl_metadata.absent_fields is 'Fields of the view that no record had.';
comment on column etl_metadata.commits is 'Of the load''s transaction: 1 and 0, or 0 and 1; both 0 when it never began.';
comment on column etl_metadata.retries is 'How often a fetch or a write was tried again.';
comment on column etl_metadata.fetch_seconds is 'Until the answer began, waits for the pace included.';
comment on column etl_metadata.wal_bytes is
  'Written by the whole server while the transaction lasted: an upper bound for the load''s own.';

comment on table etl_rejects is 'The quarantine: records that could not become rows.';
comment on column etl_rejects.position is 'The record''s place in the document, from 1.';
comment on column etl_rejects.column_name is 'The API''s name of the field to blame, when it is one.';
comment on column etl_rejects.sql_state is 'When the database refused the record: why, by its own code.';
comment on column etl_rejects.raw_record is 'As it came. Text, for jsonb refuses what some records hold.';

comment on table etl_requests is 'Requests to OTC, of every process: the pace rules hold for all of them together.';
comment on column etl_requests.answered_at is 'Null while the answer is coming.';

comment on table etl_circuit is 'The circuit breaker, in one row: after some failed fetches nobody asks OTC for a while.';
comment on column etl_circuit.opened_at is 'Set while the circuit is open.';
comment on column etl_circuit.probe_at is 'Set while a probe is under way.';

comment on table etl_migrations is 'The migrations this schema has got.';
comment on column etl_migrations.checksum is 'SHA-256 of the file, in hex.';

comment on view v_data_freshness is 'How fresh each view is: its last committed load, and what its table holds.';
comment on column v_data_freshness.latest_data_date is 'The newest date in the data itself.';
