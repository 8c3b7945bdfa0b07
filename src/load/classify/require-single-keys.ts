import type { Transaction } from "../../database/database.ts";
import { findRepeatedKeys } from "../../database/unique-key.ts";
import { OtcError } from "../../errors/otc-error.ts";
import { keyColumns, type View } from "../../views/view.ts";
import type { LoadTables } from "../tables/load-tables.ts";

/**
 * Refuses a table in which several rows have one key: a load could not say which of them a record belongs to. The table has
 * to be locked against writers.
 *
 * @throws OtcError `guard`
 */
export async function requireSingleKeys(
  transaction: Transaction,
  view: View,
  { target, backend }: LoadTables,
): Promise<void> {
  if (!backend.mayRepeatKeys) return;
  const key = keyColumns(view).map(({ name }) => name);
  const repeated = await findRepeatedKeys(transaction, target, key);
  if (repeated === undefined) return;
  throw new OtcError("guard", `${repeated} A load cannot say which of the rows a record belongs to.`, {
    remedy:
      "Delete all but one row of each key. A unique constraint on the key prevents such rows; " +
      "in a partitioned table, it can only be one that contains the partition column.",
  });
}
