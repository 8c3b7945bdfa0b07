import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database/database-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import { dueLoads } from "./due-loads.ts";
import { runJob } from "./run-job.ts";
import { nextTime } from "../schedule/schedule.ts";
import type { WorkerContext } from "./worker-context.ts";

/** The pause between two rounds, and so the largest delay of a load, unless the worker is loading. */
const ROUND_MS = 5000;

/** The time between two checks for alerts; each load checks at its end, too. */
const ALERTS_MS = 60_000;

/**
 * Loads what is due until the signal is aborted. When the database is unavailable, the worker waits for it.
 *
 * @throws OtcError when the database fails permanently
 */
export async function work(context: WorkerContext): Promise<void> {
  const { schedules, log, signal } = context;
  for (const schedule of schedules) {
    const { view, cron, timeZone } = schedule;
    const next = nextTime(schedule, new Date());
    log.info({ view: view.name, schedule: cron, timeZone, next }, "scheduled");
  }
  let isUnavailable = false;
  let checkedAt = -ALERTS_MS;
  while (!signal.aborted) {
    try {
      // Only the first statement of a transaction has a time limit that an idle connection which died soon reaches.
      await context.database.transaction(() => Promise.resolve());
      await workRound(context, { ignoreBackOff: false });
      if (isUnavailable) log.info("the database is available again");
      isUnavailable = false;
      await context.databaseWatch.isBack();
      if (performance.now() - checkedAt >= ALERTS_MS) {
        await context.sendDueAlerts();
        checkedAt = performance.now();
      }
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.isTransient) throw error;
      if (!isUnavailable) log.warn(`waiting for the database: ${errorMessage(error)}`);
      isUnavailable = true;
      await context.databaseWatch.isAway(errorMessage(error));
    }
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
  log.info("stopped");
}

/**
 * Loads what is due once. It ignores the retry back-off of failed loads.
 *
 * @returns the views that are still due because another worker is loading them, or the signal was aborted
 */
export async function workOnce(context: WorkerContext): Promise<readonly View[]> {
  const { queue, log } = context;
  const taken = await workRound(context, { ignoreBackOff: true });
  const left: View[] = [];
  for (const { schedule, dueAt } of await dueLoads(context)) {
    const { view } = schedule;
    if (taken.includes(view)) continue;
    const job = await queue.stateOf(view, dueAt);
    if (job?.state === "completed" || job?.state === "failed") {
      log.warn(
        { view: view.name, dueAt },
        "given up until the next scheduled time; `otc-etl worker --list` shows the reason",
      );
    } else {
      left.push(view);
    }
  }
  return left;
}

/** @returns the views whose jobs were taken; none when the queues were missing and had to be created again */
async function workRound(
  context: WorkerContext,
  options: { readonly ignoreBackOff: boolean },
): Promise<readonly View[]> {
  const { queue, schedules, log } = context;
  try {
    return await takeDueLoads(context, options);
  } catch (error) {
    if (error instanceof DatabaseError && error.isTransient) throw error;
    if (!(await queue.restore(schedules.map(({ view }) => view)))) throw error;
    log.warn(
      `the queues were missing, probably dropped, and have been created again: ${errorMessage(error)}`,
    );
    return [];
  }
}

/** @returns the views whose jobs were taken */
async function takeDueLoads(
  context: WorkerContext,
  options: { readonly ignoreBackOff: boolean },
): Promise<readonly View[]> {
  const { queue, signal } = context;
  const taken: View[] = [];
  const due = await dueLoads(context);
  if (due.length === 0) return taken;
  await queue.supervise(due.map(({ schedule }) => schedule.view));
  for (const { schedule, dueAt } of due) await queue.add(schedule.view, dueAt);
  for (const { schedule } of due) {
    if (signal.aborted) break;
    const job = await queue.take(schedule.view, options);
    if (job === undefined) continue;
    taken.push(schedule.view);
    await runJob(job, schedule, context);
    await context.prune();
  }
  return taken;
}
