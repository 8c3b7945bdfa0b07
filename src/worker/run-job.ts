import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { readScheduledViews } from "./due-loads.ts";
import { withHeartbeat } from "./heartbeat.ts";
import type { Job } from "./job-queue.ts";
import { isTransient } from "./is-transient.ts";
import { nextTime, type Schedule } from "../schedule/schedule.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Runs the load of a job, and finishes the job. */
export async function runJob(job: Job, schedule: Schedule, context: WorkerContext): Promise<void> {
  const { queue, log } = context;
  const { view, dueAt, retryCount } = job;
  const logged = { view: view.name, dueAt, attempt: retryCount + 1 };
  if (await wasLoadedSince(dueAt, schedule, context)) {
    await queue.done(job);
    log.info(logged, "the view was loaded already since the load was due");
    return;
  }
  log.info(logged, "a load is due");
  const onMissedBeat = (error: unknown): void => {
    log.debug(logged, `heartbeat failed: ${errorMessage(error)}`);
  };
  const outcome = await withHeartbeat(queue, job, onMissedBeat, () => context.load(view));
  const next = nextTime(schedule, new Date());
  if (outcome.status !== "failed") {
    await queue.done(job);
    log.info({ view: view.name, next }, "loaded; waiting for the next scheduled time");
    return;
  }

  const { error } = outcome;
  const failure = { code: error instanceof OtcError ? error.code : "internal", reason: error.message };
  if (failure.code === "interrupted") {
    await queue.putBack(job);
    log.info(logged, "returned to the queue, for another worker or the next start");
  } else if (isTransient(error) && queue.mayRetry(job)) {
    const again = await queue.retryLater(job, failure);
    log.warn({ ...logged, again }, `the load failed and will be retried: ${failure.reason}`);
  } else {
    await queue.giveUp(job, failure);
    log.error({ ...logged, next }, `the load was given up until the next scheduled time: ${failure.reason}`);
  }
}

/** Whether a command, or a worker that died before it finished the job, has loaded the view. */
async function wasLoadedSince(
  dueAt: Date,
  schedule: Schedule,
  { database }: WorkerContext,
): Promise<boolean> {
  const [scheduled] = await readScheduledViews(database, [schedule]);
  const loadedAt = scheduled?.loadedAt ?? null;
  return loadedAt !== null && loadedAt >= dueAt;
}
