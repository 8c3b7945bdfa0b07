import type { Queryable } from "../database/database.ts";
import { qualifiedName } from "../database/identifier.ts";

/** The pace looks at the last hour. A week of requests is enough to look into what happened. */
const KEEP = "interval '7 days'";

/**
 * Deletes the record of requests that were sent more than a week ago.
 *
 * @param limit the largest number to delete
 * @returns the number of deleted requests
 */
export async function pruneRequests(database: Queryable, limit: number): Promise<number> {
  const table = qualifiedName(database.schema, "etl_requests");
  const { rowCount } = await database.query(
    `delete from ${table}
     where request_id in (
       select request_id from ${table}
       where requested_at < clock_timestamp() - ${KEEP}
       order by requested_at
       limit $1
     )`,
    [limit],
  );
  return rowCount;
}
