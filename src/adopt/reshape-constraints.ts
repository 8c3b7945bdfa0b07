import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { Report } from "./adoption-step.ts";
import type { ColumnShape, ConstraintShape, IndexShape, TableShape } from "./table-shape.ts";

/**
 * Adds missing constraints and indexes to a table. Check constraints and foreign keys that old rows violate apply to new
 * rows only. Existing constraints and indexes remain, even if they have become superfluous.
 *
 * @param old the table as it is now
 */
export async function reshapeConstraints(
  transaction: Transaction,
  table: string,
  { old, model }: { readonly old: TableShape; readonly model: TableShape },
  report: Report,
): Promise<void> {
  await setNotNull(transaction, table, old.columns, model.columns, report);
  for (const constraint of model.constraints) {
    const exists = old.constraints.some(
      ({ kind, definition }) => kind === constraint.kind && definition === constraint.definition,
    );
    if (!exists) await addConstraint(transaction, table, constraint, old, report);
  }
  for (const index of model.indexes) {
    const exists = old.indexes.some(
      ({ unique, definition }) => unique === index.unique && definition === index.definition,
    );
    if (!exists) await addIndex(transaction, table, index, old, report);
  }
}

async function setNotNull(
  transaction: Transaction,
  table: string,
  old: readonly ColumnShape[],
  model: readonly ColumnShape[],
  report: Report,
): Promise<void> {
  const names = model
    .filter(({ name, notNull }) => notNull && old.find((column) => column.name === name)?.notNull === false)
    .map(({ name }) => name);
  if (names.length === 0) return;
  const counts = names.map((name) => `count(*) filter (where ${quoteIdentifier(name)} is null)`);
  const { rows } = await transaction.query<{ nulls: readonly number[] }>(
    `select array[${counts.join(", ")}]::float8[] as nulls from ${table}`,
  );
  for (const [index, name] of names.entries()) {
    const nulls = rows[0]?.nulls[index] ?? 0;
    if (nulls === 0) {
      await transaction.query(`alter table ${table} alter column ${quoteIdentifier(name)} set not null`);
      report({ change: "not_null_set", subject: name, rows: null, detail: null });
    } else {
      // No constraint for new rows either, because it would reject every update of an old row.
      report({ change: "null_allowed", subject: name, rows: nulls, detail: "unknown in old rows" });
    }
  }
}

async function addConstraint(
  transaction: Transaction,
  table: string,
  { name, kind, definition }: ConstraintShape,
  old: TableShape,
  report: Report,
): Promise<void> {
  const named = isTaken(name, old) ? "" : `constraint ${quoteIdentifier(name)} `;
  // A table cannot have a second primary key.
  const second = kind === "p" && old.constraints.some((constraint) => constraint.kind === "p");
  const detail = second ? definition.replace(/^PRIMARY KEY/, "UNIQUE") : definition;
  const statement = `alter table ${table} add ${named}${detail}`;
  try {
    await transaction.savepoint(() => transaction.query(statement));
    report({ change: "constraint_added", subject: name, rows: null, detail });
  } catch (error) {
    const mayBeInvalid = kind === "c" || kind === "f";
    if (!mayBeInvalid || !(error instanceof DatabaseError) || !error.isRowError) throw error;
    await transaction.query(`${statement} not valid`);
    report({ change: "constraint_for_new_rows", subject: name, rows: null, detail });
  }
}

async function addIndex(
  transaction: Transaction,
  table: string,
  { name, unique, definition }: IndexShape,
  old: TableShape,
  report: Report,
): Promise<void> {
  const named = isTaken(name, old) ? "" : `${quoteIdentifier(name)} `;
  await transaction.query(`create ${unique ? "unique " : ""}index ${named}on ${table} ${definition}`);
  report({ change: "index_added", subject: name, rows: null, detail: definition });
}

/** Whether the name is in use; then PostgreSQL chooses another one. */
function isTaken(name: string, { constraints, indexes }: TableShape): boolean {
  return [...constraints, ...indexes].some((other) => other.name === name);
}
