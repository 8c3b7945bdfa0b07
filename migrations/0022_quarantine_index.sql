-- The status page counts the quarantine by reason; without this it would read all raw records for it.
create index etl_rejects_reason on etl_rejects (view_name, reason, column_name);
