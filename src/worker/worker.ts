import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database/database-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { View } from "../views/view.ts";
import { dueLoads } from "./due-loads.ts";
import { runJob } from "./run-job.ts";
import { nextTime } from "./schedule.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Between two rounds; a load begins so late at most, unless the worker is loading. */
const ROUND_MS = 5000;

/** Between two looks at whether there is something to tell of; loads tell of themselves. */
const ALERTS_MS = 60_000;

/**
 * Loads what is due whenever it is, until it is told to stop. A database that goes away is waited for.
 *
 * @throws OtcError when the database refuses what the worker asks of it
 */
export async function work(context: WorkerContext): Promise<void> {
  const { schedules, log, signal } = context;
  for (const schedule of schedules) {
    const { view, cron, timeZone } = schedule;
    const next = nextTime(schedule, new Date());
    log.info({ view: view.name, schedule: cron, timeZone, next }, "scheduled");
  }
  let isAway = false;
  let lookedAt = -ALERTS_MS;
  while (!signal.aborted) {
    try {
      await workRound(context, { early: false });
      if (isAway) log.info("the database is back");
      isAway = false;
      if (performance.now() - lookedAt >= ALERTS_MS) {
        await context.sendDueAlerts();
        lookedAt = performance.now();
      }
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.isTransient) throw error;
      if (!isAway) log.warn(`waiting for the database: ${errorMessage(error)}`);
      isAway = true;
    }
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
  log.info("stopped");
}

/**
 * Loads what is due, without waiting for the back-off of what failed before.
 *
 * @returns the views that are still due because another worker has them, or there was no time
 */
export async function workOnce(context: WorkerContext): Promise<readonly View[]> {
  const { queue, log } = context;
  const taken = await workRound(context, { early: true });
  const left: View[] = [];
  for (const { schedule, dueAt } of await dueLoads(context)) {
    const { view } = schedule;
    if (taken.includes(view)) continue;
    const job = await queue.stateOf(view, dueAt);
    if (job?.state === "completed" || job?.state === "failed") {
      log.warn({ view: view.name, dueAt }, "given up until its next time; `otc-etl worker --list` says why");
    } else {
      left.push(view);
    }
  }
  return left;
}

/** @returns the views whose jobs were taken */
async function workRound(
  context: WorkerContext,
  options: { readonly early: boolean },
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
  }
  return taken;
}
