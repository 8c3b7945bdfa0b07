import { MIGRATION_LOCK, tryLock, viewLock } from "../database/advisory-lock.ts";
import type { Database, Transaction } from "../database/database.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { View } from "../views/view.ts";
import { findHolder } from "./run-log.ts";

/**
 * Takes the view for this transaction, and keeps migrations away.
 *
 * @param runId this run, which does not stand in its own way
 * @throws OtcError `locked` naming the run, host and process that holds it, when the view is being loaded
 */
export async function lockView(
  transaction: Transaction,
  database: Database,
  view: View,
  runId: number,
): Promise<void> {
  if (!(await tryLock(transaction, database.schema, MIGRATION_LOCK, "shared"))) {
    throw new OtcError("locked", "A migration of this database is running.", {
      remedy: "Try again when it has ended.",
    });
  }
  if (await tryLock(transaction, database.schema, viewLock(view.name), "exclusive")) return;
  const holder = await findHolder(transaction, database.schema, view, runId);
  const who =
    holder === undefined
      ? "another process"
      : `run ${holder.runId} (process ${holder.pid} on ${holder.host}, since ${holder.since.toISOString()})`;
  throw new OtcError("locked", `The view ${view.name} is being loaded by ${who}.`, {
    remedy: "Try again when that load has ended; `otc-etl status` shows it.",
  });
}
