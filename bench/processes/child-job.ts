import { once } from "node:events";
import type { ChildJobs } from "./child-jobs.ts";

/** Takes the time of what counts: neither the start of the process nor its connection does. */
interface Clock {
  start(): void;
  stop(): void;
}

/** The whole life of a child: does the job that the parent sends, and answers with the seconds on the clock. */
export async function childJob<Script extends keyof ChildJobs>(
  script: Script,
  work: (job: ChildJobs[Script], clock: Clock) => Promise<void>,
): Promise<void> {
  process.title = `otc-etl bench ${script}`;
  const [job] = (await once(process, "message")) as [ChildJobs[Script]];
  let startedAt = 0;
  let seconds = 0;
  await work(job, {
    start: () => (startedAt = performance.now()),
    stop: () => (seconds = (performance.now() - startedAt) / 1000),
  });
  process.send?.({ seconds });
  process.disconnect();
}
