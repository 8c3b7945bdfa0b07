-- Rejected records are found by words of their keys without reading all of them. The expression is the one in
-- src/runs/rejects/reject-filter.ts. GIN is part of PostgreSQL; an index of parts of words would need an extension.
create index etl_rejects_key on etl_rejects
  using gin (string_to_array(translate(record_key collate "C", '=",:-./@_', '         '), ' '));
