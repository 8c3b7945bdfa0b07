import type { Database } from "../database/database.ts";
import { readScheduledViews } from "./due-loads.ts";
import type { DeadLetter, JobQueue, JobState } from "./job-queue.ts";
import { nextTime, type Schedule } from "../schedule/schedule.ts";

/** The schedule of one view, and the state of its load. */
export interface WorkerStatus {
  readonly view: string;
  readonly schedule: string;
  readonly timeZone: string;
  readonly next: Date;
  /** When the last committed load started. */
  readonly loadedAt: Date | null;
  /** Null when nothing is due. */
  readonly dueAt: Date | null;
  /** The state of the load that is due; null when no worker has queued it yet. */
  readonly job: JobState | null;
  /** The last loads that were given up, newest first. */
  readonly deadLetters: readonly DeadLetter[];
}

/** @param lastLetters how many dead letters to read per view */
export async function readWorkerStatus(
  database: Database,
  queue: JobQueue,
  schedules: readonly Schedule[],
  lastLetters: number,
): Promise<readonly WorkerStatus[]> {
  const isInstalled = await queue.isInstalled();
  const letters = isInstalled ? await queue.deadLetters() : [];
  const statuses: WorkerStatus[] = [];
  for (const { schedule, loadedAt, dueAt, now } of await readScheduledViews(database, schedules)) {
    const { view, cron, timeZone } = schedule;
    const job = isInstalled && dueAt !== undefined ? await queue.stateOf(view, dueAt) : undefined;
    statuses.push({
      view: view.name,
      schedule: cron,
      timeZone,
      next: nextTime(schedule, now),
      loadedAt,
      dueAt: dueAt ?? null,
      job: job ?? null,
      deadLetters: letters.filter((letter) => letter.view === view.name).slice(0, lastLetters),
    });
  }
  return statuses;
}
