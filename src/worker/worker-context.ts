import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { View } from "../views/view.ts";
import type { DatabaseWatch } from "./database-watch.ts";
import type { JobQueue } from "./job-queue.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** What a worker works with. */
export interface WorkerContext {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly schedules: readonly Schedule[];
  /** Loads a view; a failure is an outcome, even if the load could not start. */
  readonly load: (view: View) => Promise<LoadOutcome>;
  /** Sends the alerts that are due. Only periodic checks detect that data gets stale without loads. */
  readonly sendDueAlerts: () => Promise<void>;
  /** Told once that the database is away, and once that it is back. */
  readonly databaseWatch: DatabaseWatch;
  /** Deletes old records of runs. It must not throw. */
  readonly prune: () => Promise<void>;
  readonly log: Logger;
  /** No more jobs are taken once it is aborted. */
  readonly signal: AbortSignal;
}
