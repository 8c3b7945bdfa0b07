import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { archiveTable, readMissingTable } from "../load/missing/missing-check.ts";
import { readMissingValues, restoreMissingRow } from "../load/missing/missing-row.ts";
import { refreshDerived } from "../load/refresh-derived.ts";
import { createPartitions } from "../partitions/division.ts";
import { type MissingRow, readMissingRow } from "../runs/queries/read-missing.ts";
import { viewCatalog, viewNamed } from "../views/catalog.ts";
import { qualifiedName } from "../database/identifier.ts";

/** A missing row with its values. */
export interface MissingRowDetails extends MissingRow {
  /** By column; null when the row is neither in the view's table nor in its archive. */
  readonly values: Readonly<Record<string, unknown>> | null;
}

/** @throws OtcError `usage` when the row is not on record */
export async function showMissing(database: Database, missingId: number): Promise<MissingRowDetails> {
  const row = await requireMissing(database, missingId);
  const view = viewNamed(await viewCatalog(), row.view);
  return { ...row, values: (await readMissingValues(database, view, row)) ?? null };
}

/**
 * Puts a missing row back into its table, where no load removes it again until OTC has sent it.
 *
 * @throws OtcError `usage` when the row is not on record, was not missing, or its key is in the table
 */
export async function restoreMissing(
  database: Database,
  missingId: number,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<MissingRow> {
  const views = await viewCatalog();
  return database.transaction(async (transaction) => {
    const row = await requireMissing(transaction, missingId);
    const view = viewNamed(views, row.view);
    if (row.action === null || row.action === "restored") {
      throw new OtcError("usage", `Row ${missingId} is in ${view.table} and is not counted as missing.`, {
        remedy: "There is nothing to restore.",
      });
    }
    const { archiveProblem } = await readMissingTable(
      transaction,
      view,
      qualifiedName(database.schema, view.table),
    );
    if (row.action === "archived" && archiveProblem !== undefined) {
      throw new OtcError("configuration", `Row ${missingId} cannot be restored: ${archiveProblem}.`);
    }
    if (row.action === "archived") {
      // Its month may have been detached since.
      const archive = qualifiedName(database.schema, archiveTable(view));
      await createPartitions(
        transaction,
        view,
        `(select * from ${archive} where missing_id = ${missingId}) as archived`,
      );
    }
    if (!(await restoreMissingRow(transaction, view, row))) {
      throw new OtcError(
        "usage",
        `Row ${missingId} was not restored: ${view.table} has a row with its key, or the row is gone.`,
        {
          remedy: `\`otc-etl missing show ${missingId}\` shows the archived row.`,
        },
      );
    }
    await refreshDerived(transaction, [view], { log, signal });
    return { ...row, action: "restored" };
  }, signal);
}

async function requireMissing(
  database: Parameters<typeof readMissingRow>[0],
  missingId: number,
): Promise<MissingRow> {
  const row = await readMissingRow(database, missingId);
  if (row !== undefined) return row;
  throw new OtcError("usage", `There is no missing row ${missingId} on record.`, {
    remedy: "`otc-etl missing list` lists them; one that has come back is no longer among them.",
  });
}
