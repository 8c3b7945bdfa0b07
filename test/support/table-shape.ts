import type { DatabaseUnderTest } from "./each-database.ts";

/** Every index and constraint of a table as the catalogue describes it. */
export function tableShape(
  database: Pick<DatabaseUnderTest, "sql">,
  table: string,
): Promise<readonly unknown[]> {
  return database.sql(
    `select pg_get_indexdef(indexrelid) as definition, indisvalid, indisprimary
     from pg_index where indrelid = $1::text::regclass
     union all
     select conname || ' ' || pg_get_constraintdef(oid), convalidated, null
     from pg_constraint where conrelid = $1::text::regclass
     order by definition`,
    [table],
  );
}
