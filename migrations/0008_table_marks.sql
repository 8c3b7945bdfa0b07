-- What a load left behind, so that the next one can tell whether the same document is still what the table holds.
alter table etl_metadata
  -- SHA-256 of the document and of everything else that decides how it is read.
  add column content_digest text,
  -- Rows of the whole table when the load was done.
  add column table_rows bigint,
  -- The transaction id (xmin) this row got last: rows of the table that are younger were written by somebody else. Null
  -- when that could not be told.
  add column table_mark bigint;
