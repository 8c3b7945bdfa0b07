-- Nothing can clear the fingerprint of a row that another session changes in a distributed table. A load notices it by what
-- the last load has left.
alter table etl_metadata add column left_mark text;

comment on column etl_metadata.left_mark is
  'Of a distributed table: SHA-256 of the number of rows of each shard and the sum of the transaction numbers of their versions, as the load left them. '
  'Null if rows that another session wrote were not compared.';
