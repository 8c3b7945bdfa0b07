import { createHash } from "node:crypto";
import { type FindJobsOptions, type JobWithMetadata, PgBoss, type SendOptions } from "pg-boss";
import { DatabaseError } from "../database/database-error.ts";
import { readClock } from "../database/clock.ts";
import type { Database } from "../database/database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import type { View } from "../views/view.ts";
import { jobDatabase } from "./job-database.ts";
import { jobSchema } from "./job-schema.ts";

/** A load that a worker has taken. */
export interface Job {
  readonly id: string;
  readonly view: View;
  /** The scheduled time that the load is for. */
  readonly dueAt: Date;
  /** 0 at the first attempt. A worker that has lost the job to another one can no longer finish it. */
  readonly retryCount: number;
}

/** The state of a load that is due. */
export interface JobState {
  readonly state: JobWithMetadata["state"];
  /** Attempts before the current one, if one is running. */
  readonly retryCount: number;
  /** No worker takes the job before this time. */
  readonly startAfter: Date;
}

/** A load that was given up. */
export interface DeadLetter {
  readonly view: string;
  readonly dueAt: Date;
  readonly givenUpAt: Date;
  readonly attempts: number;
  readonly reason: string;
}

/** Why an attempt failed. */
export interface Failure {
  readonly code: string;
  readonly reason: string;
}

/** The payload of a job. */
interface JobData {
  readonly view: string;
  /** ISO 8601. */
  readonly dueAt: string;
}

/** The failure is missing when pg-boss gave the job up. */
type DeadLetterData = JobData & Partial<Failure> & { readonly attempts?: number };

const DAY_SECONDS = 86_400;

/** A worker without a heartbeat for this long, in seconds, loses its job. */
export const HEARTBEAT_SECONDS = 30;

/** The number of retries; the last one comes about five hours after the first attempt. */
const RETRY_LIMIT = 10;

/** The longest back-off with jitter, and more; a job that starts later was recorded while the clock was wrong. */
const LONGEST_BACK_OFF_MS = 2 * 3_600_000;

const JOB_OPTIONS: SendOptions = {
  retryLimit: RETRY_LIMIT,
  // One to two minutes, doubled for each retry, up to an hour.
  retryDelay: 60,
  retryBackoff: true,
  retryDelayMax: 3600,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // For a load without its own time limit; pg-boss allows no longer one.
  expireInSeconds: DAY_SECONDS,
  // While a job that was given up exists, no new job is created for the same time.
  deleteAfterSeconds: 40 * DAY_SECONDS,
};

const UNFINISHED: ReadonlySet<JobState["state"]> = new Set<JobState["state"]>(["created", "retry", "active"]);

const DEAD_LETTERS = "dead-letters";

const DEAD_LETTER_OPTIONS: SendOptions = { retentionSeconds: 90 * DAY_SECONDS };

/** The default is the thousand oldest jobs. */
const ALL: FindJobsOptions = { limit: 100_000 };

/** How often pg-boss checks for jobs that depend on others, which none of ours does. */
const FLOW_SECONDS = 3600;

/** The loads that are due, as jobs of pg-boss: one queue per view, with at most one unfinished job. */
export class JobQueue {
  readonly #database: Database;
  readonly #boss: PgBoss;

  /**
   * @param onError called with errors of background work, which is retried
   * @param backend what pg-boss takes the database for
   */
  constructor(database: Database, onError: (error: Error) => void, backend = database.backend.jobs) {
    this.#database = database;
    this.#boss = new PgBoss({
      db: jobDatabase(database),
      schema: jobSchema(database.schema),
      backend,
      createSchema: false,
      // The worker calls `supervise` itself between two loads: the embedded database has one session only.
      supervise: false,
      // The call has an effect even if another worker has just supervised.
      monitorIntervalSeconds: 1,
      flowIntervalSeconds: FLOW_SECONDS,
      // The recorded loads decide what is due, not the jobs sent.
      schedule: false,
      registerInstance: false,
      reindex: false,
      monitorVacuum: false,
      openTelemetry: { enabled: false },
    });
    this.#boss.on("error", onError);
  }

  /**
   * Creates missing queues, and the schema for them.
   *
   * @throws OtcError `migration` when the role lacks the right to do so
   */
  async start(views: readonly View[]): Promise<void> {
    const schema = jobSchema(this.#database.schema);
    try {
      await this.#createSchema(schema);
      await this.#boss.start();
      await this.#boss.createQueue(DEAD_LETTERS);
      for (const view of views) {
        await this.#boss.createQueue(queueOf(view), { policy: "exclusive", deadLetter: DEAD_LETTERS });
      }
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.sqlState !== "42501") throw error;
      throw new OtcError(
        "migration",
        `The jobs of the worker in schema ${schema} cannot be set up: ${error.message}`,
        {
          remedy: `Have a role with the right to do so run: create schema ${schema} authorization <the role of the worker>`,
          cause: error,
        },
      );
    }
  }

  /**
   * Creates the queues again if one of them is missing because somebody has dropped it, or the whole schema. What was
   * queued is lost; the recorded loads say what is due. Dead letters are lost, too.
   *
   * @returns whether a queue was missing
   * @throws OtcError `migration` when the role lacks the right to create the schema
   */
  async restore(views: readonly View[]): Promise<boolean> {
    if (await this.#isComplete(views)) return false;
    // An instance of pg-boss that is started does not look at its schema again.
    await this.#boss.stop({ graceful: false });
    await this.start(views);
    return true;
  }

  /** Whether a worker has ever been started here. */
  isInstalled(): Promise<boolean> {
    return this.#boss.isInstalled();
  }

  /** Adds a load to the queue, unless it is there or was given up, or an earlier load of the view is unfinished. */
  async add(view: View, dueAt: Date): Promise<void> {
    const data: JobData = { view: view.name, dueAt: dueAt.toISOString() };
    await this.#boss.send(queueOf(view), data, { ...JOB_OPTIONS, id: jobId(view, dueAt) });
  }

  /**
   * Takes the job of a view, if there is one. The caller must finish it, and call `touch` until then.
   *
   * @param ignoreBackOff also takes a job during its retry back-off
   */
  async take(view: View, { ignoreBackOff }: { readonly ignoreBackOff: boolean }): Promise<Job | undefined> {
    const [job] = await this.#boss.fetch<JobData>(queueOf(view), { ignoreStartAfter: ignoreBackOff });
    return job && { id: job.id, view, dueAt: new Date(job.data.dueAt), retryCount: job.retryCount };
  }

  /** Sends a heartbeat for a job that this worker has taken. */
  async touch(job: Job): Promise<void> {
    await this.#boss.touch(queueOf(job.view), job);
  }

  /** Removes the job of a load that was done by any process; the record of the run remains. */
  async done(job: Job): Promise<void> {
    await this.#boss.deleteJob(queueOf(job.view), job);
  }

  /** Returns the job of an interrupted attempt, so that another worker may take it at once. */
  async putBack(job: Job): Promise<void> {
    await this.#boss.fail(queueOf(job.view), job, {});
    await this.#skipBackOff(job.view);
  }

  /** Whether another attempt is allowed. */
  mayRetry(job: Job): boolean {
    return job.retryCount < RETRY_LIMIT;
  }

  /** @returns when the next attempt may begin */
  async retryLater(job: Job, failure: Failure): Promise<Date | undefined> {
    await this.#boss.fail(queueOf(job.view), job, storable(failure));
    return (await this.stateOf(job.view, job.dueAt))?.startAfter;
  }

  /** Ends the attempts at a load, and records a dead letter. */
  async giveUp({ id, view, dueAt, retryCount }: Job, failure: Failure): Promise<void> {
    const data: DeadLetterData = {
      view: view.name,
      dueAt: dueAt.toISOString(),
      attempts: retryCount + 1,
      ...storable(failure),
    };
    await this.#database.transaction(async (transaction) => {
      const db = jobDatabase(transaction);
      await this.#boss.send(DEAD_LETTERS, data, { ...DEAD_LETTER_OPTIONS, db });
      await this.#boss.complete(queueOf(view), { id, retryCount }, storable(failure), { db });
    });
  }

  /** Makes the jobs of dead workers available to others. */
  async supervise(views: readonly View[]): Promise<void> {
    await this.#boss.supervise();
    for (const view of views) await this.#skipBackOff(view);
  }

  /**
   * The state of a load, or of an earlier unfinished load of the view, which makes up for this one.
   *
   * @returns undefined when no worker has queued it yet
   */
  async stateOf(view: View, dueAt: Date): Promise<JobState | undefined> {
    if ((await this.#boss.getQueue(queueOf(view))) === null) return undefined;
    const jobs = await this.#boss.findJobs(queueOf(view), ALL);
    const id = jobId(view, dueAt);
    const job = jobs.find(({ state }) => UNFINISHED.has(state)) ?? jobs.find((other) => other.id === id);
    return job && { state: job.state, retryCount: job.retryCount, startAfter: job.startAfter };
  }

  /** All dead letters, newest first. */
  async deadLetters(): Promise<readonly DeadLetter[]> {
    const jobs = await this.#boss.findJobs<DeadLetterData>(DEAD_LETTERS, ALL);
    return jobs
      .map(({ data, createdOn, sourceRetryCount }) => ({
        view: data.view,
        dueAt: new Date(data.dueAt),
        givenUpAt: createdOn,
        attempts: data.attempts ?? (sourceRetryCount ?? 0) + 1,
        reason: data.reason ?? "The last worker that took the job died or was stopped.",
      }))
      .toSorted((a, b) => b.givenUpAt.getTime() - a.givenUpAt.getTime());
  }

  /** Ends the background work; the database stays open. */
  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false });
  }

  /**
   * Removes the back-off of jobs that did not fail, but were interrupted or lost their worker, and of jobs that a wrong clock
   * has put off. A clock that jumped also keeps pg-boss from noticing workers that died.
   */
  async #skipBackOff(view: View): Promise<void> {
    const queue = queueOf(view);
    const now = (await readClock(this.#database)).getTime();
    const latest = now + LONGEST_BACK_OFF_MS;
    for (const { id, state, retryCount, heartbeatOn, startedOn } of await this.#boss.findJobs(queue, ALL)) {
      if (state !== "active") continue;
      const beat = (heartbeatOn ?? startedOn).getTime();
      const isAlive = beat > now - 2 * HEARTBEAT_SECONDS * 1000 && beat <= latest;
      if (!isAlive) await this.#boss.fail(queue, { id, retryCount }, {});
    }
    for (const { id, state, output, startAfter } of await this.#boss.findJobs(queue, { queued: true })) {
      // Only a failed attempt has a code in its output.
      const keepsBackOff = state !== "retry" || "code" in output;
      if (keepsBackOff && startAfter.getTime() <= latest) continue;
      await this.#boss.update(queue, undefined, { id, startAfter: 0 });
    }
  }

  async #isComplete(views: readonly View[]): Promise<boolean> {
    if (!(await this.#boss.isInstalled())) return false;
    const queues = new Set((await this.#boss.getQueues()).map(({ name }) => name));
    return queues.has(DEAD_LETTERS) && views.every((view) => queues.has(queueOf(view)));
  }

  /** Checks first whether the schema exists, so that its owner needs no right to create schemas. */
  async #createSchema(schema: string): Promise<void> {
    const { rows } = await this.#database.query("select from pg_namespace where nspname = $1", [schema]);
    if (rows.length === 0) await this.#database.query(`create schema if not exists ${schema}`);
  }
}

/** Escapes what `jsonb` refuses, because a reason may quote any text. */
function storable({ code, reason }: Failure): Failure {
  return { code, reason: escapeControlCharacters(reason).toWellFormed() };
}

function queueOf(view: View): string {
  return `load-${view.name}`;
}

/** The id is the same for every worker, so that a load is queued once. */
function jobId(view: View, dueAt: Date): string {
  const hex = createHash("sha256").update(`${view.name} ${dueAt.toISOString()}`).digest("hex");
  // A UUID of version 8, whose other bits are free (RFC 9562).
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}
