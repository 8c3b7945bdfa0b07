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
 * columns, extensions it depends on, storage parameters of a constraint's index, and the indexes of the partitions below
 * one of a partitioned table. While the session has a default tablespace of its own, every index would move there.
 */
const SPECIAL = `
  i.indisclustered or i.indisreplident or not i.indisvalid
  or index.relkind <> 'i'
  or index.reltablespace <> 0
  or current_setting('default_tablespace') <> ''
  or (c.oid is not null and index.reloptions is not null)
  or obj_description(i.indexrelid, 'pg_class') is not null
  or obj_description(c.oid, 'pg_constraint') is not null
  or exists (
    select from pg_attribute a
    where a.attrelid = i.indexrelid and (coalesce(a.attstattarget, -1) <> -1 or a.attoptions is not null)
  )
  or exists (
    select from pg_depend
    where classid = 'pg_class'::regclass and objid = i.indexrelid and refclassid = 'pg_extension'::regclass
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
    `select i.indexrelid::regclass::text as "name", pg_get_indexdef(i.indexrelid) as "definition",
       c.conname as "constraint", pg_get_constraintdef(c.oid) as "constraintDefinition",
       ${SPECIAL} as "special", ${PLAIN} as "plain", i.indisunique as "unique", ${COLUMNS} as "columns",
       array(
         select attname::text from pg_attribute a
         where a.attrelid = i.indrelid and a.attnum = any((i.indkey::int2[])[:i.indnkeyatts - 1])
       ) as "keyColumns"
     from pg_index i
     join pg_class index on index.oid = i.indexrelid
     left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid and c.contype in ('p', 'u', 'x')
     where i.indrelid = $1::text::regclass
     order by i.indexrelid`,
    [target],
  );
  return rows;
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
