import type { Parameter, Transaction } from "../../database/database.ts";
import { qualifiedName, quoteIdentifier, quoteLiteral } from "../../database/identifier.ts";
import { OtcError } from "../../errors/otc-error.ts";
import type { View } from "../../views/view.ts";
import { bisectRefused, isInRange, rangeParameters } from "../tables/bisect-refused.ts";
import { DELETED_AT, fingerprintColumn, type LoadTables, positionColumn } from "../tables/load-tables.ts";
import { sameKey } from "../tables/same-row.ts";
import type { MissingCheck, MissingTable } from "./missing-check.ts";
import { formatCount, formatNumberOf } from "../../format/format.ts";

/** What was done with the rows that are marked in the table of absent rows. */
interface Removed {
  readonly missing: number;
  readonly rekeyed: number;
  readonly missingProblem: string | null;
}

/** Where a removal is recorded. */
interface RemovalRecord {
  /** The table of missing rows, quoted. */
  readonly entries: string;
  readonly runId: number;
}

/** Does what the view's mode says with the absent rows that have a reason, and puts it on record. */
export async function removeMissing(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  { mode, table }: MissingCheck,
  runId: number,
): Promise<Removed> {
  const counts = await countMarked(transaction, tables);
  if (counts.marked === 0) return { missing: 0, rekeyed: 0, missingProblem: null };
  const entries = qualifiedName(transaction.schema, "etl_missing");
  const remove = removal(view, tables, mode, table, { entries, runId });
  const problems: string[] = [];
  const action = {
    ignore: "reported",
    report: "reported",
    archive: "archived",
    "soft-delete": "soft-deleted",
  }[mode];
  if (typeof remove === "string") problems.push(remove);
  if (typeof remove === "function") {
    await bisectRefused(transaction, tables, {
      source: tables.absent,
      indexed: [tables.absent],
      run: (range) => remove(transaction, rangeParameters(range)),
      onRefused: async (position, error) => {
        problems.push(error.message);
        await transaction.query(`update ${tables.absent} set problem = $2 where ${positionColumn} = $1`, [
          position,
          error.message,
        ]);
      },
    });
  }
  await transaction.query(
    `update ${entries} e
     set missing_run_id = coalesce(e.missing_run_id, $1::bigint), missing_at = coalesce(e.missing_at, now()),
       action = case when coalesce(a.problem, $3) is null then $2 else 'reported' end,
       reason = a.reason, new_key = a.new_key, problem = coalesce(a.problem, $3)
     from ${tables.absent} a
     where a.reason is not null and e.view_name = $4 and e.record_key = a.record_key and e.action is distinct from 'archived'`,
    [runId, action, typeof remove === "string" ? remove : null, view.name],
  );
  // A row that was reported before and cannot be removed is not missing anew.
  const done = await countMarked(transaction, tables, typeof remove === "string");
  const kept = typeof remove === "string" ? counts.marked : problems.length;
  return {
    missing: done.missing,
    rekeyed: done.rekeyed,
    missingProblem:
      problems[0] === undefined
        ? null
        : `${formatCount(kept)} of ${formatNumberOf(counts.marked, "missing row")} could not be removed from the table: ${problems[0]}.`,
  };
}

async function countMarked(
  transaction: Transaction,
  { absent }: LoadTables,
  removesNone = false,
): Promise<{ readonly marked: number; readonly missing: number; readonly rekeyed: number }> {
  const isNew = `(action is null or (problem is null and not ${removesNone}))`;
  const { rows } = await transaction.query<{ marked: number; missing: number; rekeyed: number }>(
    `select count(*) as "marked", count(*) filter (where reason = 'missing' and ${isNew}) as "missing",
       count(*) filter (where reason = 'rekeyed' and ${isNew}) as "rekeyed"
     from ${absent} where reason is not null`,
  );
  return rows[0] ?? { marked: 0, missing: 0, rekeyed: 0 };
}

/** Removes the marked rows of a range, whose parameters (`isInRange`) it is given. */
type Removal = (transaction: Transaction, range: readonly Parameter[]) => Promise<void>;

/** How the marked rows are removed; why they cannot be; or undefined when rows only are reported. */
function removal(
  view: View,
  tables: LoadTables,
  mode: MissingCheck["mode"],
  table: MissingTable,
  record: RemovalRecord,
): Removal | string | undefined {
  switch (mode) {
    case "ignore":
    case "report":
      return undefined;
    case "soft-delete":
      if (!table.hasDeletedAt) return `${view.table} has no column ${DELETED_AT} of the type timestamptz`;
      return async (transaction, range) => {
        // Without a fingerprint, the record is compared when it comes back. Not every table has the trigger that clears it.
        const forgotten = tables.hasFingerprints ? `, ${fingerprintColumn} = null` : "";
        await transaction.query(
          `update ${tables.target} t set ${quoteIdentifier(DELETED_AT)} = now()${forgotten}
           from ${tables.absent} a
           where a.reason is not null and ${sameKey(view, "a", "t")} and ${isInRange("a")}`,
          range,
        );
      };
    case "archive":
      if (table.archiveProblem !== undefined) return table.archiveProblem;
      return archiving(view, tables, table, record);
    default:
      return mode satisfies never;
  }
}

/**
 * Copies the rows and then deletes them, in two statements: a distributed table allows no statement that writes in WITH.
 * The table is locked against writers, so both see the same rows.
 */
function archiving(
  view: View,
  tables: LoadTables,
  table: MissingTable,
  { entries, runId }: RemovalRecord,
): Removal {
  const { archive, shared, others } = table;
  const other = others.map((name) => `${quoteLiteral(name)}, t.${quoteIdentifier(name)}`);
  const otherColumns = other.length === 0 ? "null::jsonb" : `jsonb_build_object(${other.join(", ")})`;
  const copy = `
    insert into ${archive} (${shared.join(", ")}, other_columns, deleted_reason, new_key, missing_id, deleted_run_id, deleted_at)
    select ${shared.map((column) => `t.${column}`).join(", ")}, ${otherColumns}, a.reason, a.new_key, e.missing_id, ${runId}, now()
    from ${tables.target} t
    join ${tables.absent} a on ${sameKey(view, "a", "t")}
    join ${entries} e on e.record_key = a.record_key and e.view_name = ${quoteLiteral(view.name)}
      and e.action is distinct from 'archived'
    where a.reason is not null and ${isInRange("a")}`;
  const remove = `
    delete from ${tables.target} t
    using ${tables.absent} a
    where a.reason is not null and ${sameKey(view, "a", "t")} and ${isInRange("a")}`;
  return async (transaction, range) => {
    const copied = await transaction.query(copy, range);
    const removed = await transaction.query(remove, range);
    if (removed.rowCount === copied.rowCount) return;
    throw new OtcError(
      "internal",
      `${formatNumberOf(copied.rowCount, "missing row")} were copied to ${archive}, but ${formatCount(removed.rowCount)} could be deleted.`,
      { remedy: `A trigger or rule on ${view.table} may keep rows from being deleted; nothing was loaded.` },
    );
  };
}
