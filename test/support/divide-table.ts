import type { Database } from "../../src/database/database.ts";
import { qualifiedName } from "../../src/database/identifier.ts";
import { readTableDefinition } from "../../src/partitions/table-definition.ts";

/** How a table is divided. */
interface Division {
  /** What stands after PARTITION BY, for example `hash (comment_id)`. */
  readonly by: string;
  /** The column in it, unquoted. */
  readonly column: string;
  /** What stands after PARTITION OF and the name, for each partition. */
  readonly partitions: readonly string[];
}

/** Partitions have names like shards, which a comparison of messages leaves out (`comparableContents` of the roads). */
const FIRST_NUMBER = 100_000;

/**
 * Puts an empty partitioned table in the place of a view's, as an administrator may do: with its indexes, triggers and
 * rights, and whatever reads it. A unique constraint without the partition column becomes an index.
 */
export async function divideTable(
  database: Database,
  name: string,
  { by, column, partitions }: Division,
): Promise<void> {
  const table = qualifiedName(database.schema, name);
  const whole = qualifiedName(database.schema, `${name}_whole`);
  await database.transaction(async (transaction) => {
    const { properties, readers } = await readTableDefinition(transaction, table, column);
    await transaction.query(`alter table ${table} rename to ${name}_whole`);
    await transaction.query(
      `create table ${table} (like ${whole} including defaults including comments) partition by ${by}`,
    );
    for (const [index, values] of partitions.entries()) {
      const partition = qualifiedName(database.schema, `${name}_${FIRST_NUMBER + index}`);
      await transaction.query(`create table ${partition} partition of ${table} ${values}`);
    }
    for (const statement of readers) await transaction.script(statement);
    await transaction.query(`drop table ${whole}`);
    for (const statement of properties) {
      const key = /^alter table (.+) add constraint \S+ (?:UNIQUE.*?|PRIMARY KEY) (\(.+\))$/.exec(statement);
      const isPossible = key?.[2] === undefined || key[2].includes(column);
      await transaction.query(isPossible ? statement : `create index on ${table} ${key[2] ?? ""}`);
    }
  });
}
