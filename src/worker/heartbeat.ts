import { setTimeout as sleep } from "node:timers/promises";
import { HEARTBEAT_SECONDS, type Job, type JobQueue } from "./job-queue.ts";

/** Two heartbeats may fail before the job is lost. */
const INTERVAL_MS = (HEARTBEAT_SECONDS * 1000) / 3;

/** Keeps a job assigned to this worker while `work` is running. */
export async function withHeartbeat<T>(
  queue: JobQueue,
  job: Job,
  onError: (error: unknown) => void,
  work: () => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  // Not awaited: a late heartbeat does no harm, and may take long when the database is unavailable.
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
    // On the embedded database this waits for the load, but no other worker could take the job there.
    await queue.touch(job).catch(onError);
  }
}
