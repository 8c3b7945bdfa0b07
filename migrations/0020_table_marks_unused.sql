-- A load no longer tells from marks whether its document and the table are those of the last load: it always compares
-- the rows. What older runs have left in these columns stays.
comment on column etl_metadata.content_digest is 'No longer written. Of older runs: SHA-256 of the document and of everything else that decided how it was read.';
comment on column etl_metadata.table_mark is 'No longer written. Of older runs: the transaction id that the row of the run got last, when it was told whether the table had been written to since.';
comment on column etl_metadata.table_rows is 'Rows of the whole table when the load was done.';
