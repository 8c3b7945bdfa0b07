import type { Queryable } from "./database.ts";

/** Of these many different texts in a column of truth values, some will be spellings of true and of false. */
const TEXTS_READ = 20;

/**
 * The most frequent values of a column as texts, the most frequent one first.
 *
 * @param table the quoted table
 * @param column the quoted column
 */
export async function readFrequentTexts(
  database: Queryable,
  table: string,
  column: string,
): Promise<readonly string[]> {
  const { rows } = await database.query<{ text: string }>(
    `select ${column}::text as "text" from ${table} where ${column} is not null
     group by 1 order by count(*) desc, 1 limit ${TEXTS_READ}`,
  );
  return rows.map(({ text }) => text);
}
