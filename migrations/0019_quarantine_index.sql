-- The quarantine is counted by view and by reason; without this all raw records would be read for it.
create index etl_rejects_reason on etl_rejects (view_name, reason, column_name);
