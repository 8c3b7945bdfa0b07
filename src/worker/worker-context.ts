import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { View } from "../views/view.ts";
import type { JobQueue } from "./job-queue.ts";
import type { Schedule } from "./schedule.ts";

/** What a worker works with. */
export interface WorkerContext {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly schedules: readonly Schedule[];
  /** Loads a view; a failure is an outcome, also of a load that could not be begun. */
  readonly load: (view: View) => Promise<LoadOutcome>;
  /** Tells those concerned what has broken or is well again: that data gets old is seen by who looks from time to time. */
  readonly sendDueAlerts: () => Promise<void>;
  readonly log: Logger;
  /** No more jobs are taken once it is aborted. */
  readonly signal: AbortSignal;
}
