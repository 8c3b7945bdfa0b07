import type { Transaction } from "../../database/database.ts";
import { qualifiedName } from "../../database/identifier.ts";
import type { View } from "../../views/view.ts";
import type { LoadTables } from "../tables/load-tables.ts";
import { sameKey } from "../tables/same-row.ts";
import { type DocumentWindow, isInWindow, readDocumentWindow } from "./document-window.ts";
import { type CheckedDocument, findAbsent } from "./find-absent.ts";
import { checkMissing } from "./missing-guard.ts";
import type { MissingCheck } from "./missing-check.ts";
import { pairRekeyed } from "./pair-rekeyed.ts";
import type { RejectedKeys } from "./rejected-keys.ts";
import { removeMissing } from "./remove-missing.ts";
import { formatNumberOf } from "../../format/format.ts";

/** What a load found out about rows that its document should contain. */
export interface MissingCounts {
  /** Rows that two documents in succession did not contain. */
  readonly missing: number;
  /** Rows that were missing and came back. */
  readonly returned: number;
  /** Rows whose record came with another key. */
  readonly rekeyed: number;
  /** Why missing rows were not judged or not removed, in sentences; null when there is nothing to tell. */
  readonly missingProblem: string | null;
}

export const NONE_MISSING: MissingCounts = { missing: 0, returned: 0, rekeyed: 0, missingProblem: null };

interface SettledLoad {
  readonly runId: number;
  readonly document: Omit<CheckedDocument, "hasRejectedKeys">;
  readonly rejectedKeys: RejectedKeys;
  /** Whether the delta has rows. */
  readonly hasChanges: boolean;
}

/**
 * Compares the view's table, when the document's rows are in it, with what the document should contain, and does what the
 * view's mode says with the rows that are missing for the second time.
 *
 * @param tables the staged rows in the types of the target
 * @returns the counts, without rows that `restoreReturned` has put back
 */
export async function settleMissing(
  transaction: Transaction,
  view: View,
  tables: LoadTables,
  check: MissingCheck,
  { runId, document, rejectedKeys, hasChanges }: SettledLoad,
): Promise<MissingCounts> {
  const window = await readDocumentWindow(transaction, check.rows, tables, document.known);
  if (window === undefined) return NONE_MISSING;
  const hasRejectedKeys = rejectedKeys.count > 0 && check.table.hasViewKeys;
  if (hasRejectedKeys) await rejectedKeys.store(transaction, tables);
  const found = await findAbsent(transaction, view, tables, check, window, { ...document, hasRejectedKeys });
  const returned = await forgetPresent(transaction, view, tables, check, window, found);
  if (!found) return { ...NONE_MISSING, returned };

  const unreadable = rejectedKeys.unreadable + (check.table.hasViewKeys ? 0 : rejectedKeys.count);
  if (unreadable > 0) {
    const missingProblem = `The check for missing rows was suspended, because the key of ${formatNumberOf(unreadable, "rejected record")} is not known.`;
    return { ...NONE_MISSING, returned, missingProblem };
  }
  await markMissing(transaction, tables, check);
  if (hasChanges) await pairRekeyed(transaction, view, tables, check);
  const tripped = await checkMissing(transaction, tables, check, window);
  if (tripped !== undefined)
    await transaction.query(`update ${tables.absent} set reason = null, new_key = null`);
  await recordCandidates(transaction, view, tables, runId);
  const removed = await removeMissing(transaction, view, tables, check, runId);
  return { ...removed, returned, missingProblem: tripped ?? removed.missingProblem };
}

/**
 * Takes rows off the record that the document contains, or that are no longer in the table. Rows that have left the window
 * stay on record if they were missing, and are forgotten otherwise.
 *
 * @param found whether the table of absent rows was made
 * @returns how many were missing and have come back
 */
async function forgetPresent(
  transaction: Transaction,
  view: View,
  { target, absent }: LoadTables,
  { rows }: MissingCheck,
  window: DocumentWindow,
  found: boolean,
): Promise<number> {
  const entries = qualifiedName(transaction.schema, "etl_missing");
  const { rows: forgotten } = await transaction.query<{ returned: boolean }>(
    `with judged as materialized (
       select e.missing_id, e.action, e.record_key,
         extract(epoch from e.window_value)::float8 between ${window.from}::float8 and ${window.to}::float8 as inside
       from ${entries} e
       where e.view_name = $1 and (e.action is null or e.action in ('reported', 'restored'))
         ${found ? `and not exists (select from ${absent} a where a.missing_id = e.missing_id)` : ""}
     ),
     known as materialized (
       select judged.missing_id, k.*
       from judged cross join lateral jsonb_populate_record(null::${target}, judged.record_key) k
       where judged.action is not null and judged.inside
     ),
     present as materialized (
       select k.missing_id from known k join ${target} t on ${sameKey(view, "k", "t")}
       where ${isInWindow(rows, "t", window)}
     )
     delete from ${entries} e using judged
     where e.missing_id = judged.missing_id and (judged.inside or judged.action is null)
     returning e.missing_id in (select missing_id from present) as "returned"`,
    [view.name],
  );
  return forgotten.filter(({ returned }) => returned).length;
}

/** Marks the rows that an earlier document did not contain either, and on which the view's mode has not acted yet. */
async function markMissing(
  transaction: Transaction,
  { absent }: LoadTables,
  { mode }: MissingCheck,
): Promise<void> {
  await transaction.query(
    `update ${absent} set reason = 'missing'
     where missing_id is not null and (action is null or action <> 'restored' and $1 <> 'report')`,
    [mode],
  );
}

/** Puts the rows on record that this document is the first not to contain. */
async function recordCandidates(
  transaction: Transaction,
  view: View,
  { absent }: LoadTables,
  runId: number,
): Promise<void> {
  await transaction.query(
    `insert into ${qualifiedName(transaction.schema, "etl_missing")} (view_name, record_key, window_value, first_run_id)
     select $1, record_key, window_value, $2::bigint from ${absent} where missing_id is null`,
    [view.name, runId],
  );
}
