import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";

/** An index, with the constraint it stands for, if any. */
export interface TargetIndex {
  readonly name: string;
  readonly definition: string;
  readonly constraint: string | null;
  readonly constraintDefinition: string | null;
  /** Whether dropping it would lose something that its definition does not say, or it is not in order. */
  readonly special: boolean;
  /** Whether it is a btree of columns as they are, all rows in it. */
  readonly plain: boolean;
  readonly unique: boolean;
  /** Whether to a unique one two nulls are the same. */
  readonly nullsNotDistinct: boolean;
  /** Its columns' names. */
  readonly columns: readonly string[];
}

/** Only a table's owner may drop and build its indexes. */
export async function isOwner(transaction: Transaction, target: string): Promise<boolean> {
  const { rows } = await transaction.query<{ owner: boolean }>(
    "select pg_has_role(relowner, 'usage') as owner from pg_class where oid = $1::text::regclass",
    [target],
  );
  return rows[0]?.owner === true;
}

export async function readIndexes(transaction: Transaction, target: string): Promise<readonly TargetIndex[]> {
  const { rows } = await transaction.query<TargetIndex>(
    `select i.indexrelid::regclass::text as "name", pg_get_indexdef(i.indexrelid) as "definition",
       c.conname as "constraint", pg_get_constraintdef(c.oid) as "constraintDefinition",
       i.indisclustered or i.indisreplident or not i.indisvalid
         -- That of a partitioned table is defined without those of its partitions.
         or (select relkind = 'I' from pg_class where pg_class.oid = i.indexrelid)
         or obj_description(i.indexrelid, 'pg_class') is not null
         or obj_description(c.oid, 'pg_constraint') is not null as "special",
       i.indisunique as "unique", i.indnullsnotdistinct as "nullsNotDistinct",
       i.indexprs is null and i.indpred is null
         and (select amname = 'btree' from pg_am join pg_class on pg_class.relam = pg_am.oid
              where pg_class.oid = i.indexrelid) as "plain",
       array(select attname::text from pg_attribute a
             where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) as "columns"
     from pg_index i
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
