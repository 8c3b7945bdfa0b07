import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { Report } from "./adoption-step.ts";
import { conversionOf } from "./conversion.ts";
import { readDependents } from "./dependents.ts";
import type { ColumnShape } from "./table-shape.ts";

/** A column that a table has, and what it is to be like. */
export interface ColumnPair {
  readonly old: ColumnShape;
  readonly model: ColumnShape;
}

/** A column on the way to another type. */
interface TypeChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly using: string;
}

/**
 * Gives columns the types they should have, unless something depends on them, a value would be lost, or PostgreSQL
 * objects. A column that is left as it is does no harm: loads write what it takes.
 *
 * @param zone of wall time in columns without one
 */
export async function changeTypes(
  transaction: Transaction,
  table: string,
  pairs: readonly ColumnPair[],
  zone: string,
  report: Report,
): Promise<void> {
  const left = ({ name, from }: Pick<TypeChange, "name" | "from">, why: string): void => {
    report({ change: "type_left", subject: name, rows: null, detail: `${from}: ${why}` });
  };
  const changed = ({ name, from, to }: TypeChange): void => {
    report({ change: "type_changed", subject: name, rows: null, detail: `${from} → ${to}` });
  };

  const dependents = await readDependents(transaction, table);
  const changes: TypeChange[] = [];
  for (const { old, model } of pairs.filter((pair) => pair.old.type !== pair.model.type)) {
    const { using, loses } = conversionOf(quoteIdentifier(old.name), old.type, model.type, zone);
    const change = { name: old.name, from: old.type, to: model.type, using };
    const blockers = dependents.get(old.name);
    const obstacle =
      blockers === undefined
        ? await findLoss(transaction, table, change, loses)
        : `used by ${blockers.join(", ")}`;
    if (obstacle === undefined) changes.push(change);
    else left(change, obstacle);
  }

  // The table is written anew, so all at once; one by one only when PostgreSQL objects to something.
  if ((await tryChanges(transaction, table, changes)) === undefined) {
    changes.forEach(changed);
    return;
  }
  for (const change of changes) {
    const objection = await tryChanges(transaction, table, [change]);
    if (objection === undefined) changed(change);
    else left(change, objection);
  }
}

/** @returns what would be lost, or why PostgreSQL cannot say */
function findLoss(
  transaction: Transaction,
  table: string,
  { name, to }: TypeChange,
  loses: string,
): Promise<string | undefined> {
  return objectionOf(async () => {
    const { rows } = await transaction.savepoint(() =>
      transaction.query<{ lost: number; example: string | null }>(
        `select count(*) as "lost", min(${quoteIdentifier(name)}::text) as "example" from ${table} where ${loses}`,
      ),
    );
    const { lost = 0, example = null } = rows[0] ?? {};
    return lost === 0
      ? undefined
      : `${lost} values cannot become ${to} without loss, for example ${JSON.stringify(example)}`;
  });
}

/** @returns why PostgreSQL objects, if it does; nothing is changed then */
async function tryChanges(
  transaction: Transaction,
  table: string,
  changes: readonly TypeChange[],
): Promise<string | undefined> {
  if (changes.length === 0) return undefined;
  const clauses = changes.map(
    ({ name, to, using }) => `alter column ${quoteIdentifier(name)} type ${to} using ${using}`,
  );
  return objectionOf(async () => {
    await transaction.savepoint(() => transaction.query(`alter table ${table} ${clauses.join(", ")}`));
    return undefined;
  });
}

async function objectionOf(work: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DatabaseError) || !error.isObjection) throw error;
    return error.message;
  }
}
