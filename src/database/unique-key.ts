import type { Queryable } from "./database.ts";
import { quoteIdentifier } from "./identifier.ts";

/**
 * Finds keys that several rows have, where no constraint prevents that. A unique constraint of a partitioned table contains
 * the partition column, so it may allow the same key in two partitions. Reads the whole table in this case only.
 *
 * @param table quoted and with its schema
 * @param key the columns of the key, unquoted
 * @returns a sentence that names one of them; undefined when there are none
 */
export async function findRepeatedKeys(
  queryable: Queryable,
  table: string,
  key: readonly string[],
): Promise<string | undefined> {
  if (await isUnique(queryable, table, key)) return undefined;
  const columns = key.map(quoteIdentifier).join(", ");
  const { rows } = await queryable.query<{ count: number; example: string }>(
    `select count(*) over () as "count", to_jsonb(repeated)::text as "example"
     from (select ${columns} from ${table} group by ${columns} having count(*) > 1) repeated
     limit 1`,
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const others = found.count === 1 ? "" : `, and ${found.count - 1} other keys are repeated as well`;
  return `Several rows of ${table} have the key ${found.example}${others}.`;
}

async function isUnique(queryable: Queryable, table: string, key: readonly string[]): Promise<boolean> {
  const { rows } = await queryable.query<{ unique: boolean }>(
    `select exists (
       select from pg_index i
       where i.indrelid = $1::text::regclass and i.indisunique and i.indisvalid
         and i.indpred is null and i.indexprs is null
         and not exists (
           select from pg_attribute a
           where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[:i.indnkeyatts - 1])
             and (a.attname <> all($2::text[]) or not (a.attnotnull or i.indnullsnotdistinct))
         )
     ) as "unique"`,
    [table, key],
  );
  return rows[0]?.unique === true;
}
