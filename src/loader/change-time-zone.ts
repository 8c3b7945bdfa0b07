import { lockMigrations } from "../database/migrations/migrations.ts";
import { readPinnedTimeZone, writePinnedTimeZone } from "../runs/pinned-time-zone.ts";
import { isSameTimeZone, timeZoneNamed } from "../views/values/time-zone.ts";
import type { Loader } from "./loader.ts";

/**
 * Changes the time zone that the rows are written with, from the next load on. The rows stay as they are.
 *
 * @returns the zone before; null when no load has recorded one
 * @throws OtcError `configuration` when there is no such zone, `locked` while a load is running, `migration`
 */
export async function changeTimeZone(
  loader: Loader,
  name: string,
  signal: AbortSignal,
): Promise<string | null> {
  await timeZoneNamed(name, "--time-zone");
  const database = await loader.migratedDatabase();
  return database.transaction(async (transaction) => {
    await lockMigrations(transaction);
    const previous = await readPinnedTimeZone(transaction);
    const isSame = previous !== null && (await isSameTimeZone(previous, name));
    if (!isSame) await writePinnedTimeZone(transaction, name);
    return previous;
  }, signal);
}
