import { isInFuture } from "../database/clock.ts";
import type { Database } from "../database/database.ts";
import { IS_COMMITTED_LOAD, runTable } from "../runs/run-log.ts";
import { lastTime, nextTime, type Schedule } from "../schedule/schedule.ts";

/** A view, with what its schedule says about it. */
interface ScheduledView {
  readonly schedule: Schedule;
  /** When the last committed load started; null when there is none. Starts in the future do not count. */
  readonly loadedAt: Date | null;
  /**
   * The last scheduled time, if no committed load started after it. One load makes up for any number of missed times. A
   * view that was never loaded is due.
   */
  readonly dueAt: Date | undefined;
  /** By the clock of the database. */
  readonly now: Date;
}

/** A load that is due. */
interface DueLoad extends ScheduledView {
  readonly dueAt: Date;
}

/** In the order of the schedules. */
export async function readScheduledViews(
  database: Database,
  schedules: readonly Schedule[],
): Promise<readonly ScheduledView[]> {
  const { rows } = await database.query<{ view: string; now: Date; loadedAt: Date | null }>(
    `select scheduled.view, clock_timestamp() as "now",
       (select max(coalesce(load_start, last_load_time))
        from ${runTable(database.schema)}
        where view_name = scheduled.view and ${IS_COMMITTED_LOAD}
          and (${isInFuture("coalesce(load_start, last_load_time)")}) is not true) as "loadedAt"
     from unnest($1::text[]) as scheduled (view)`,
    [schedules.map(({ view }) => view.name)],
  );
  return schedules.flatMap((schedule) =>
    rows
      .filter(({ view }) => view === schedule.view.name)
      .map(({ now, loadedAt }) => ({ schedule, now, loadedAt, dueAt: dueTime(schedule, now, loadedAt) })),
  );
}

/** The loads that are due, whichever worker has them. */
export async function dueLoads({
  database,
  schedules,
}: {
  readonly database: Database;
  readonly schedules: readonly Schedule[];
}): Promise<readonly DueLoad[]> {
  const views = await readScheduledViews(database, schedules);
  return views.filter((view): view is DueLoad => view.dueAt !== undefined);
}

function dueTime(schedule: Schedule, now: Date, loadedAt: Date | null): Date | undefined {
  return loadedAt !== null && nextTime(schedule, loadedAt) > now ? undefined : lastTime(schedule, now);
}
