import type { PartitionRequest } from "../partitions/partition-request.ts";
import { type PartitionedTable, partitionTable } from "../partitions/partition-table.ts";
import { readPinnedTimeZone } from "../runs/pinned-time-zone.ts";
import type { Loader } from "./loader.ts";

/**
 * Divides the tables of views by time, with their rows. A period begins and ends in the time zone that the rows are
 * written with. Each table is divided in a transaction of its own.
 *
 * @throws OtcError `migration` when a table cannot be divided, `locked` while a load is running
 */
export async function partitionTables(
  loader: Loader,
  requests: readonly PartitionRequest[],
  signal: AbortSignal,
): Promise<readonly PartitionedTable[]> {
  const database = await loader.migratedDatabase();
  const timeZone = (await readPinnedTimeZone(database)) ?? loader.settings.timezone;
  const done: PartitionedTable[] = [];
  for (const request of requests) done.push(await partitionTable(database, request, timeZone, signal));
  return done;
}
