import { type DistributedTable, distributeTables } from "../distribution/distribute-tables.ts";
import { viewCatalog } from "../views/catalog.ts";
import type { Loader } from "./loader.ts";

/**
 * Spreads the tables of the views over the servers of Citus, with their rows.
 *
 * @throws OtcError `migration` when they cannot be distributed, `locked` while a load is running
 */
export async function distribute(loader: Loader, signal: AbortSignal): Promise<readonly DistributedTable[]> {
  return distributeTables(await loader.migratedDatabase(), await viewCatalog(), signal);
}
