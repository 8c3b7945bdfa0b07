import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { Report } from "./adoption-step.ts";
import { conversionOf } from "./conversion.ts";
import { readDependents } from "./dependents.ts";
import { keepOldColumn, oldNameOf, renameOldColumn } from "./keep-old-column.ts";
import { oldValueOf } from "./old-value.ts";
import type { ColumnShape } from "./table-shape.ts";
import { formatNumberOf } from "../format/format.ts";

/** A column as it is, and its target shape. */
export interface ColumnPair {
  readonly old: ColumnShape;
  readonly model: ColumnShape;
}

/** The table whose columns change. */
export interface AdoptedTable {
  readonly schema: string;
  /** Quoted and with its schema. */
  readonly table: string;
  /** The names of the key columns. */
  readonly keys: readonly string[];
  /** The time zone of wall time in columns without a zone. */
  readonly zone: string;
}

/** Values that another type cannot hold. */
interface Loss {
  readonly values: number;
  readonly example: string | null;
}

/**
 * Changes columns to their target types. If an object depends on a column, or not every value can be converted, the old
 * column is kept beside the new one, under another name: its dependents work as before, and otc-etl, including later
 * migrations, finds the types that it expects.
 *
 * @throws OtcError `migration` when a column cannot be changed, with the reason
 */
export async function changeTypes(
  transaction: Transaction,
  adopted: AdoptedTable,
  pairs: readonly ColumnPair[],
  report: Report,
): Promise<void> {
  const dependents = await readDependents(transaction, adopted.table);
  const inPlace: ColumnPair[] = [];
  const beside: { readonly pair: ColumnPair; readonly reason: string }[] = [];
  for (const pair of pairs.filter(({ old, model }) => old.type !== model.type)) {
    const users = dependents.get(pair.old.name);
    const used = users === undefined ? [] : [`used by ${users.join(", ")}`];
    const loss = await findLoss(transaction, adopted, pair, used);
    if (users === undefined && loss === undefined) inPlace.push(pair);
    else {
      const lost = loss === undefined ? [] : [`${describe(loss, pair)}, and are null there`];
      beside.push({ pair, reason: [...used, ...lost].join("; ") });
    }
  }

  // Each statement rewrites the table, so all columns are changed at once, and one by one only if that fails.
  if ((await tryInPlace(transaction, adopted, inPlace, report)) !== undefined) {
    for (const pair of inPlace) {
      const objection = await tryInPlace(transaction, adopted, [pair], report);
      if (objection !== undefined) beside.push({ pair, reason: objection });
    }
  }
  for (const { pair, reason } of beside) await changeBeside(transaction, adopted, pair, reason, report);
}

/** Changes columns in place. @returns PostgreSQL's error, if any; then nothing is changed */
async function tryInPlace(
  transaction: Transaction,
  { table, zone }: AdoptedTable,
  pairs: readonly ColumnPair[],
  report: Report,
): Promise<string | undefined> {
  if (pairs.length === 0) return undefined;
  const clauses = pairs.map(({ old, model }) => {
    const column = quoteIdentifier(old.name);
    return `alter column ${column} type ${model.type} using ${conversionOf(column, old.type, model.type, zone).using}`;
  });
  const objection = await objectionOf(() =>
    transaction.savepoint(() => transaction.query(`alter table ${table} ${clauses.join(", ")}`)),
  );
  if (objection === undefined) {
    for (const { old, model } of pairs) {
      report({
        change: "type_changed",
        subject: old.name,
        rows: null,
        detail: `${old.type} → ${model.type}`,
      });
    }
  }
  return objection;
}

/** Adds a column of the right type with the values of the old one, which is kept under another name. */
async function changeBeside(
  transaction: Transaction,
  adopted: AdoptedTable,
  pair: ColumnPair,
  reason: string,
  report: Report,
): Promise<void> {
  const { table, zone } = adopted;
  const { old, model } = pair;
  if (model.identity !== null) throw refusal(adopted, pair, reason);
  const [name, oldName] = [quoteIdentifier(old.name), quoteIdentifier(oldNameOf(old.name))];
  const { using, loses } = conversionOf(oldName, old.type, model.type, zone);
  const objection = await objectionOf(() =>
    transaction.savepoint(async () => {
      const change = { name: old.name, from: old.type, to: model.type };
      const oldValue = await oldValueOf(transaction, table, change, `new.${name}`, zone);
      await renameOldColumn(transaction, table, old, model);
      // This rewrites the rows in their order. An update would not, and would also leave every row twice.
      await transaction.query(
        `alter table ${table} alter column ${name} type ${model.type} using case when not (${loses}) then ${using} end`,
      );
      if (!old.generated) await keepOldColumn(transaction, table, old.name, oldValue, reason);
    }),
  );
  if (objection !== undefined) throw refusal(adopted, pair, [reason, objection].join("; "));
  const detail = `${old.type}, as ${JSON.stringify(oldNameOf(old.name))}: ${reason}`;
  report({ change: "old_column_kept", subject: old.name, rows: null, detail });
}

/**
 * @returns the values that would be lost, if any
 * @throws OtcError `migration` when they are in a key column, because no load would find the row again, or when the check
 * fails
 */
async function findLoss(
  transaction: Transaction,
  adopted: AdoptedTable,
  pair: ColumnPair,
  used: readonly string[],
): Promise<Loss | undefined> {
  const { old, model } = pair;
  const column = quoteIdentifier(old.name);
  const { loses } = conversionOf(column, old.type, model.type, adopted.zone);
  let loss: Loss | undefined;
  const objection = await objectionOf(async () => {
    const { rows } = await transaction.savepoint(() =>
      transaction.query<Loss>(
        `select count(*) as "values", min(${column}::text) as "example" from ${adopted.table} where ${loses}`,
      ),
    );
    if (rows[0] !== undefined && rows[0].values > 0) loss = rows[0];
  });
  if (objection !== undefined) throw refusal(adopted, pair, [objection, ...used].join("; "));
  if (loss !== undefined && adopted.keys.includes(old.name)) {
    throw refusal(adopted, pair, [describe(loss, pair), ...used].join("; "));
  }
  return loss;
}

function describe({ values, example }: Loss, { model }: ColumnPair): string {
  return `${formatNumberOf(values, "value")} cannot become ${model.type} without loss, for example ${JSON.stringify(example)}`;
}

function refusal({ table }: AdoptedTable, { old, model }: ColumnPair, why: string): OtcError {
  const column = `${quoteIdentifier(old.name)} of ${table}`;
  return new OtcError(
    "migration",
    `The schema cannot be adopted as it is. ${column} is ${old.type} and has to become ${model.type}: ${why}.`,
    {
      remedy:
        `Nothing was changed. Correct the values, or drop the dependents of the column and create them again afterwards, ` +
        "and try `otc-etl migrate --adopt --dry-run` again.",
    },
  );
}

async function objectionOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof DatabaseError) || !error.isObjection) throw error;
    return error.message;
  }
}
