import type { Queryable } from "../../database/database.ts";

/** Where the server's write-ahead log ends now. */
export async function walPosition(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ position: string }>(
    "select pg_current_wal_insert_lsn()::text as position",
  );
  return rows[0]?.position ?? "0/0";
}

/** How many bytes the whole server has written to its log since then. */
export async function walSince(database: Queryable, position: string): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::float8 as bytes",
    [position],
  );
  return rows[0]?.bytes ?? 0;
}
