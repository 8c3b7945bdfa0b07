import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { quoteIdentifier } from "../database/identifier.ts";

/** Building the indexes of fewer rows than this costs about as much as keeping them up. */
const MIN_ROWS = 20_000;

/** An index, with the constraint it stands for, if any. */
interface TargetIndex {
  readonly name: string;
  readonly definition: string;
  readonly constraint: string | null;
  readonly constraintDefinition: string | null;
  /** Whether dropping it would lose something that its definition does not say, or it is not in order. */
  readonly special: boolean;
}

/**
 * Runs `insert` with the indexes of an empty table dropped, and builds them afterwards: three times as fast as keeping
 * them up row by row. Everything happens in one savepoint. Only a table's owner may do that, and only while nobody reads
 * it; otherwise, and when anything refuses (a row, or something that hangs on a constraint), it is as if it had not been
 * tried.
 *
 * @param target the table, quoted and with its schema
 * @param rows how many rows there are to insert
 * @param onDecision told which way it went, and why
 * @returns what `insert` returned, or undefined when the ordinary way has to be taken
 */
export async function insertWithDeferredIndexes<T>(
  transaction: Transaction,
  target: string,
  rows: number,
  insert: () => Promise<T>,
  onDecision: (decision: string) => void,
): Promise<T | undefined> {
  if (rows < MIN_ROWS) return undefined;
  if (!(await isOwner(transaction, target))) {
    onDecision("indexes are kept up row by row: only the table's owner may drop and build them");
    return undefined;
  }
  const indexes = await readIndexes(transaction, target);
  if (indexes.some((index) => index.special)) {
    onDecision(
      "indexes are kept up row by row: one is clustered, a replica identity, commented or not valid",
    );
    return undefined;
  }
  try {
    const result = await transaction.savepoint(async () => {
      await transaction.query(`lock table ${target} in access exclusive mode nowait`);
      for (const index of indexes) await transaction.query(dropStatement(target, index));
      const inserted = await insert();
      for (const index of indexes) await transaction.query(buildStatement(target, index));
      return inserted;
    });
    onDecision("indexes were built after the insert");
    return result;
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.isConnectionProblem || error.isConflict) throw error;
    onDecision(`indexes are kept up row by row: ${error.message}`);
    return undefined;
  }
}

async function isOwner(transaction: Transaction, target: string): Promise<boolean> {
  const { rows } = await transaction.query<{ owner: boolean }>(
    "select pg_has_role(relowner, 'usage') as owner from pg_class where oid = $1::text::regclass",
    [target],
  );
  return rows[0]?.owner === true;
}

async function readIndexes(transaction: Transaction, target: string): Promise<readonly TargetIndex[]> {
  const { rows } = await transaction.query<TargetIndex>(
    `select i.indexrelid::regclass::text as "name", pg_get_indexdef(i.indexrelid) as "definition",
       c.conname as "constraint", pg_get_constraintdef(c.oid) as "constraintDefinition",
       i.indisclustered or i.indisreplident or not i.indisvalid
         or obj_description(i.indexrelid, 'pg_class') is not null
         or obj_description(c.oid, 'pg_constraint') is not null as "special"
     from pg_index i
     left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid and c.contype in ('p', 'u', 'x')
     where i.indrelid = $1::text::regclass
     order by i.indexrelid`,
    [target],
  );
  return rows;
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
