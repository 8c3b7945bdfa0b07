import type { Transaction } from "../database/database.ts";
import { DatabaseError } from "../database/database-error.ts";
import { qualifiedName } from "../database/identifier.ts";
import type { View } from "../views/view.ts";
import type { LoadContext } from "./load-context.ts";

/**
 * Brings up to date what is derived from the views' tables, once for all of them and last before COMMIT: its locks are
 * held for a moment only, so that loads of other views do not wait for them.
 *
 * Derived tables can be refreshed again later, so a failure does not fail the load: it is logged as a warning.
 *
 * @param views those whose tables were written to
 */
export async function refreshDerived(
  transaction: Transaction,
  views: readonly View[],
  { log, signal }: Pick<LoadContext, "log" | "signal">,
): Promise<void> {
  for (const refresh of new Set(views.flatMap((view) => view.refreshes))) {
    try {
      const changed = await transaction.savepoint(() => callRefresh(transaction, refresh));
      log.debug({ changed }, refresh);
    } catch (error) {
      if (signal.aborted || !(error instanceof DatabaseError) || error.isConnectionProblem) throw error;
      log.warn({ refresh, code: error.code }, `reports are not up to date: ${error.message}`);
    }
  }
}

/** @returns how many rows it changed */
async function callRefresh(transaction: Transaction, refresh: string): Promise<number> {
  const { rows } = await transaction.query<{ changed: number }>(
    `select ${qualifiedName(transaction.schema, refresh)}() as changed`,
  );
  return rows[0]?.changed ?? 0;
}
