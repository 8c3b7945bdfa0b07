import { qualifiedName } from "../database/identifier.ts";
import type { DemoDesk } from "./demo-desk.ts";
import { databaseTime, moveToNight } from "./move-to-night.ts";
import { nightsToLoad } from "./nights.ts";
import { migrate } from "../loader/migrate.ts";

/** The progress of loading a history. */
interface HistoryProgress {
  readonly done: number;
  readonly nights: number;
}

/**
 * Loads the nights that the demo's database has not seen yet: ninety when it is new, none when it is up to date. Each is
 * a real load of what the simulator serves on that day, and is then dated to its night.
 *
 * @returns how many nights were loaded
 * @throws the signal's reason when interrupted; loaded nights are kept, and the next call continues after them
 */
export async function loadHistory(
  desk: DemoDesk,
  now: Date,
  signal: AbortSignal,
  onProgress: (progress: HistoryProgress) => void,
): Promise<number> {
  const { loader, simulator, views } = desk;
  await migrate(loader, signal);
  const database = await loader.database();
  const { rows } = await database.query<{ last_start: Date | null }>(
    `select max(load_start) as last_start from ${qualifiedName(database.schema, "etl_metadata")}`,
  );
  const nights = nightsToLoad(rows[0]?.last_start ?? undefined, now);
  for (const [done, { startsAt, day, flaws, troubles }] of nights.entries()) {
    signal.throwIfAborted();
    onProgress({ done, nights: nights.length });
    simulator.setDay(day);
    simulator.setFlaws(flaws);
    simulator.setTroubles(troubles);
    const began = await databaseTime(database);
    try {
      await desk.night();
    } finally {
      await moveToNight(database, views, began, startsAt);
    }
  }
  return nights.length;
}
