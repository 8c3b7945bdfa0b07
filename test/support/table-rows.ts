import type { DatabaseUnderTest } from "./each-database.ts";

/** All rows of a table as texts in the order of their texts, without the fingerprints, whose key is the database's own. */
export async function tableRows(database: DatabaseUnderTest, table: string): Promise<readonly string[]> {
  const rows = await database.sql<{ row: string }>(
    `select (to_jsonb(t) - 'etl_fingerprint')::text as "row" from ${database.table(table)} t order by 1`,
  );
  return rows.map(({ row }) => row);
}
