import type { Transaction } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";

/** An index, with the constraint it stands for, if any. */
export interface TargetIndex {
  readonly name: string;
  readonly definition: string;
  readonly constraint: string | null;
  readonly constraintDefinition: string | null;
  /** Whether dropping it would lose something that its definition does not say, or it is not in order. */
  readonly special: boolean;
  /** Whether it is a btree of columns as they are, each once, all rows in it, that compares values as the columns do. */
  readonly plain: boolean;
  readonly unique: boolean;
  /** Its columns' names. */
  readonly columns: readonly string[];
  /** Those of its columns by which it is sorted, and unique if it is. */
  readonly keyColumns: readonly string[];
}

/** Only a table's owner may drop and build its indexes. */
export async function isOwner(transaction: Transaction, target: string): Promise<boolean> {
  const { rows } = await transaction.query<{ owner: boolean }>(
    "select pg_has_role(relowner, 'usage') as owner from pg_class where oid = $1::text::regclass",
    [target],
  );
  return rows[0]?.owner === true;
}

/**
 * What `pg_get_indexdef` and `pg_get_constraintdef` leave out: marks, comments, the tablespace, statistics targets of its
 * columns, extensions it depends on, and storage parameters of a constraint's index. While the session has a default
 * tablespace of its own, every index would move there.
 *
 * @param i alias of its row of pg_index
 * @param index alias of its row of pg_class
 * @param c alias of the row of pg_constraint, if any
 */
function isSpecial(i: string, index: string, c: string): string {
  return `(
    ${i}.indisclustered or ${i}.indisreplident or not ${i}.indisvalid
    or ${index}.reltablespace <> 0
    or current_setting('default_tablespace') <> ''
    or (${c}.oid is not null and ${index}.reloptions is not null)
    or obj_description(${i}.indexrelid, 'pg_class') is not null
    or obj_description(${c}.oid, 'pg_constraint') is not null
    or exists (
      select from pg_attribute a
      where a.attrelid = ${i}.indexrelid and (coalesce(a.attstattarget, -1) <> -1 or a.attoptions is not null)
    )
    or exists (
      select from pg_depend
      where classid = 'pg_class'::regclass and objid = ${i}.indexrelid and refclassid = 'pg_extension'::regclass
    )
  )`;
}

/** The definition of an index of a partitioned table does not say either what is special about those of its partitions. */
const SPECIAL = `(
  ${isSpecial("i", "index", "c")}
  or exists (
    select from pg_partition_tree(i.indexrelid) as tree
    join pg_index part on part.indexrelid = tree.relid
    join pg_class part_index on part_index.oid = part.indexrelid
    left join pg_constraint part_c on part_c.conindid = part.indexrelid and part_c.conrelid = part.indrelid
    where tree.level > 0 and (
      part_index.reloptions is distinct from index.reloptions or ${isSpecial("part", "part_index", "part_c")}
    )
  )
)`;

/** As PostgreSQL tells it, an index of a partitioned table would have no indexes in the partitions. */
const DEFINITION = `replace(
  pg_get_indexdef(i.indexrelid),
  format(' ON ONLY %I.%I USING ', n.nspname, t.relname), format(' ON %I.%I USING ', n.nspname, t.relname)
)`;

const COLUMNS = `array(
  select attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey)
)`;

const PLAIN = `
  i.indexprs is null and i.indpred is null
  and index.relam = (select oid from pg_am where amname = 'btree')
  and i.indnatts = cardinality(${COLUMNS})
  and not exists (
    select from pg_opclass o
    where o.oid = any(i.indclass)
      and not (
        o.opcdefault and o.opcnamespace = 'pg_catalog'::regnamespace
        and o.opcintype in (
          select atttypid from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        )
      )
  )
  and not exists (
    select from pg_collation where oid = any(i.indcollation) and not collisdeterministic
  )`;

export async function readIndexes(transaction: Transaction, target: string): Promise<readonly TargetIndex[]> {
  const { rows } = await transaction.query<TargetIndex>(
    `select i.indexrelid::regclass::text as "name", ${DEFINITION} as "definition",
       c.conname as "constraint", pg_get_constraintdef(c.oid) as "constraintDefinition",
       ${SPECIAL} as "special", ${PLAIN} as "plain", i.indisunique as "unique", ${COLUMNS} as "columns",
       array(
         select attname::text from pg_attribute a
         where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[:i.indnkeyatts - 1])
       ) as "keyColumns"
     from pg_index i
     join pg_class index on index.oid = i.indexrelid
     join pg_class t on t.oid = i.indrelid
     join pg_namespace n on n.oid = t.relnamespace
     left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid and c.contype in ('p', 'u', 'x')
     where i.indrelid = $1::text::regclass
     order by i.indexrelid`,
    [target],
  );
  return rows;
}

/** An index of a partition, by the index of the partitioned table that it belongs to. */
interface PartitionIndex {
  readonly index: string;
  /** Of the partition. */
  readonly table: string;
  /** Quoted, with its schema. */
  readonly name: string;
  /** Quoted. */
  readonly shortName: string;
}

/** The indexes that the indexes of a partitioned table have in its partitions; of an ordinary table there are none. */
export async function readPartitionIndexes(
  transaction: Transaction,
  target: string,
): Promise<readonly PartitionIndex[]> {
  const { rows } = await transaction.query<PartitionIndex>(
    `select i.indexrelid::regclass::text as "index", part.indrelid::text as "table", tree.relid::text as "name",
       quote_ident(part_index.relname) as "shortName"
     from pg_index i
     cross join lateral pg_partition_tree(i.indexrelid) as tree
     join pg_index part on part.indexrelid = tree.relid
     join pg_class part_index on part_index.oid = part.indexrelid
     where i.indrelid = $1::text::regclass and tree.level > 0`,
    [target],
  );
  return rows;
}

/** Gives indexes of partitions, which have been built again with those of their table, the names that they had. */
export async function keepNames(
  transaction: Transaction,
  target: string,
  before: readonly PartitionIndex[],
): Promise<void> {
  const names = new Map(before.map(({ index, table, shortName }) => [`${index} ${table}`, shortName]));
  for (const { index, table, name, shortName } of await readPartitionIndexes(transaction, target)) {
    const former = names.get(`${index} ${table}`);
    if (former === undefined || former === shortName) continue;
    await transaction.query(`alter index ${name} rename to ${former}`);
  }
}

/** Drops the indexes, and the constraints that stand for them. */
export async function dropIndexes(
  transaction: Transaction,
  target: string,
  indexes: readonly TargetIndex[],
): Promise<void> {
  for (const index of indexes) await transaction.query(dropStatement(target, index));
}

/** Builds what was dropped, under the same names. */
export async function buildIndexes(
  transaction: Transaction,
  target: string,
  indexes: readonly TargetIndex[],
): Promise<void> {
  for (const index of indexes) await transaction.query(buildStatement(target, index));
}

function dropStatement(target: string, { name, constraint }: TargetIndex): string {
  return constraint === null
    ? `drop index ${name}`
    : `alter table ${target} drop constraint ${quoteIdentifier(constraint)}`;
}

function buildStatement(
  target: string,
  { definition, constraint, constraintDefinition }: TargetIndex,
): string {
  return constraint === null || constraintDefinition === null
    ? definition
    : `alter table ${target} add constraint ${quoteIdentifier(constraint)} ${constraintDefinition}`;
}
