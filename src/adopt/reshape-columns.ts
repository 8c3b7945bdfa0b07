import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { Report } from "./adoption-step.ts";
import { type AdoptedTable, changeTypes, type ColumnPair } from "./change-types.ts";
import type { ColumnShape } from "./table-shape.ts";

/** The columns of a table, and its target columns. */
interface Columns {
  readonly old: readonly ColumnShape[];
  readonly model: readonly ColumnShape[];
}

/**
 * Adds missing columns to a table, and changes the existing ones to their target types. Added columns are null in old rows,
 * and never a default, because the value is unknown.
 *
 * @throws OtcError `migration` when a column cannot be changed
 */
export async function reshapeColumns(
  transaction: Transaction,
  adopted: AdoptedTable,
  columns: Columns,
  report: Report,
): Promise<void> {
  const { table } = adopted;
  const pairs = columns.model.flatMap((model): ColumnPair[] => {
    const old = columns.old.find((column) => column.name === model.name);
    return old === undefined ? [] : [{ old, model }];
  });
  await addColumns(
    transaction,
    table,
    columns.model.filter((model) => !pairs.some((pair) => pair.model === model)),
    report,
  );
  await allowNulls(transaction, table, columns, report);
  await changeTypes(transaction, adopted, pairs, report);
  await setDefaults(transaction, table, columns);
}

async function addColumns(
  transaction: Transaction,
  table: string,
  missing: readonly ColumnShape[],
  report: Report,
): Promise<void> {
  if (missing.length === 0) return;
  const clauses = missing.map(({ name, type, identity, generated, default: expression }) => {
    const numbered = identity === null ? "" : ` ${identity} as identity`;
    const computed = generated ? ` generated always as (${expression}) stored` : "";
    return `add column ${quoteIdentifier(name)} ${type}${numbered}${computed}`;
  });
  await transaction.query(`alter table ${table} ${clauses.join(", ")}`);
  for (const { name, type } of missing) {
    report({ change: "column_added", subject: name, rows: null, detail: type });
  }
}

/** Drops not-null constraints that would prevent a load from inserting, because it leaves the column empty. */
async function allowNulls(
  transaction: Transaction,
  table: string,
  { old, model }: Columns,
  report: Report,
): Promise<void> {
  for (const column of old.filter(({ notNull }) => notNull)) {
    const counterpart = model.find(({ name }) => name === column.name);
    const filled = column.default !== null || column.identity !== null || column.generated;
    if (counterpart === undefined ? filled : counterpart.notNull) continue;
    await transaction.query(
      `alter table ${table} alter column ${quoteIdentifier(column.name)} drop not null`,
    );
    report({ change: "null_allowed", subject: column.name, rows: null, detail: null });
  }
}

async function setDefaults(transaction: Transaction, table: string, { old, model }: Columns): Promise<void> {
  const clauses = model.flatMap(({ name, default: expression, generated }) => {
    const has = old.some((column) => column.name === name && column.default !== null);
    if (expression === null || generated || has) return [];
    return [`alter column ${quoteIdentifier(name)} set default ${expression}`];
  });
  if (clauses.length > 0) await transaction.query(`alter table ${table} ${clauses.join(", ")}`);
}
