import { setTimeout as sleep } from "node:timers/promises";
import { HEARTBEAT_SECONDS, type Job, type JobQueue } from "./job-queue.ts";

/** Two may fail before the job is lost. */
const INTERVAL_MS = (HEARTBEAT_SECONDS * 1000) / 3;

/** Keeps a job ours while `work` is going on. */
export async function withHeartbeat<T>(
  queue: JobQueue,
  job: Job,
  onError: (error: unknown) => void,
  work: () => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  // Not waited for: a last beat that is still on its way does no harm, and may take long where the database is gone.
  void beat(queue, job, onError, end.signal);
  try {
    return await work();
  } finally {
    end.abort();
  }
}

async function beat(
  queue: JobQueue,
  job: Job,
  onError: (error: unknown) => void,
  end: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(INTERVAL_MS, undefined, { signal: end }).catch(() => undefined);
    if (end.aborted) return;
    // On the embedded database this waits for the load; nobody else could take the job there.
    await queue.touch(job).catch(onError);
  }
}
