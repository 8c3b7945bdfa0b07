import { heldLocks, viewLock } from "../database/advisory-lock.ts";
import { runTable } from "../runs/run-log.ts";
import type { Scrape } from "./scrape.ts";

/** Whether each view is being loaded: a run is recorded as running, and the view's lock proves that its process lives. */
export async function addRunningLoads({ exposition, database, views }: Scrape): Promise<void> {
  const running = exposition.gauge("otc_etl_load_running", ["view"], "1 while the view is being loaded.");
  const seconds = exposition.gauge(
    "otc_etl_load_running_seconds",
    ["view"],
    "Time since the running load of the view started; 0 while none is running.",
  );
  // The oldest run has the lock, the others wait for it.
  const { rows } = await database.query<{ view: string; seconds: number }>(
    `select view_name as "view", extract(epoch from now() - min(load_start))::float8 as seconds
     from ${runTable(database.schema)}
     where load_status = 'running'
     group by view_name`,
  );
  const held = await heldLocks(
    database,
    views.map(({ name }) => viewLock(name)),
  );
  for (const { name: view } of views) {
    const run = rows.find((row) => row.view === view);
    const lives = run !== undefined && held.has(viewLock(view));
    running.set({ view }, lives ? 1 : 0);
    seconds.set({ view }, lives ? run.seconds : 0);
  }
}
