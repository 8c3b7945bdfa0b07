import { createHash } from "node:crypto";
import { type FindJobsOptions, type JobWithMetadata, PgBoss, type SendOptions } from "pg-boss";
import { DatabaseError } from "../database/database-error.ts";
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
  /** The time of the schedule that it is for. */
  readonly dueAt: Date;
  /** 0 at the first attempt. A worker that has lost the job to another meanwhile cannot settle it any more. */
  readonly retryCount: number;
}

/** Where a load that is due stands. */
export interface JobState {
  readonly state: JobWithMetadata["state"];
  /** Attempts that were begun before the one under way, if one is. */
  readonly retryCount: number;
  /** Before that nobody takes it. */
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

/** What a job carries. */
interface JobData {
  readonly view: string;
  /** ISO 8601. */
  readonly dueAt: string;
}

/** Without a failure where it was pg-boss that gave it up. */
type DeadLetterData = JobData & Partial<Failure> & { readonly attempts?: number };

const DAY_SECONDS = 86_400;

/** A worker that does not say for so long, in seconds, that it lives has lost its job. */
export const HEARTBEAT_SECONDS = 30;

/** Attempts after the first; the last comes about five hours after it. */
const RETRY_LIMIT = 10;

const JOB_OPTIONS: SendOptions = {
  retryLimit: RETRY_LIMIT,
  // One to two minutes, then twice as long each time, up to an hour.
  retryDelay: 60,
  retryBackoff: true,
  retryDelayMax: 3600,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // For a load that has no time limit of its own; pg-boss knows no longer one.
  expireInSeconds: DAY_SECONDS,
  // One that was given up is not made again while it is there.
  deleteAfterSeconds: 40 * DAY_SECONDS,
};

const UNSETTLED: ReadonlySet<JobState["state"]> = new Set<JobState["state"]>(["created", "retry", "active"]);

const DEAD_LETTERS = "dead-letters";

const DEAD_LETTER_OPTIONS: SendOptions = { retentionSeconds: 90 * DAY_SECONDS };

/** Otherwise it is the thousand oldest. */
const ALL: FindJobsOptions = { limit: 100_000 };

/** Nothing here depends on another job; pg-boss looks all the same. */
const RARELY_SECONDS = 3600;

/** The loads that are due, on pg-boss: a queue for each view, with one job at a time that is not settled. */
export class JobQueue {
  readonly #database: Database;
  readonly #boss: PgBoss;

  /** @param onError told what goes wrong in the background, where it is tried again */
  constructor(database: Database, onError: (error: Error) => void) {
    this.#database = database;
    this.#boss = new PgBoss({
      db: jobDatabase(database),
      schema: jobSchema(database.schema),
      backend: database.engine === "embedded" ? "pglite" : "postgres",
      createSchema: false,
      // Whoever takes jobs supervises them as well, between two loads: the embedded database has one session only.
      supervise: false,
      // However lately another worker has.
      monitorIntervalSeconds: 1,
      flowIntervalSeconds: RARELY_SECONDS,
      // What is due follows from the loads on record, not from what was sent.
      schedule: false,
      registerInstance: false,
      reindex: false,
      monitorVacuum: false,
      openTelemetry: { enabled: false },
    });
    this.#boss.on("error", onError);
  }

  /**
   * Creates what is missing of the queues.
   *
   * @throws OtcError `migration` when the role may not
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
          remedy: `Let somebody who may run: create schema ${schema} authorization <the role of the worker>`,
          cause: error,
        },
      );
    }
  }

  /** Whether a worker has ever been started here. */
  isInstalled(): Promise<boolean> {
    return this.#boss.isInstalled();
  }

  /** Puts a load in the queue, unless it is there, or was given up, or an earlier one of the view is not settled. */
  async add(view: View, dueAt: Date): Promise<void> {
    const data: JobData = { view: view.name, dueAt: dueAt.toISOString() };
    await this.#boss.send(queueOf(view), data, { ...JOB_OPTIONS, id: jobId(view, dueAt) });
  }

  /**
   * Takes the job of a view, if there is one. It has to be settled, and `touch` called until then.
   *
   * @param early also before the back-off of a failed attempt is over
   */
  async take(view: View, { early }: { readonly early: boolean }): Promise<Job | undefined> {
    const [job] = await this.#boss.fetch<JobData>(queueOf(view), { ignoreStartAfter: early });
    return job && { id: job.id, view, dueAt: new Date(job.data.dueAt), retryCount: job.retryCount };
  }

  /** Says that the worker that has taken it lives. */
  async touch(job: Job): Promise<void> {
    await this.#boss.touch(queueOf(job.view), job);
  }

  /** The load is done, by whomever; that is on the record of its run, and nothing of it is kept here. */
  async done(job: Job): Promise<void> {
    await this.#boss.deleteJob(queueOf(job.view), job);
  }

  /** The attempt was interrupted: another worker may take it at once. */
  async putBack(job: Job): Promise<void> {
    await this.#boss.fail(queueOf(job.view), job, {});
    await this.#hurry(job.view);
  }

  /** Whether there is another attempt left. */
  mayRetry(job: Job): boolean {
    return job.retryCount < RETRY_LIMIT;
  }

  /** @returns when the next attempt may begin */
  async retryLater(job: Job, failure: Failure): Promise<Date | undefined> {
    await this.#boss.fail(queueOf(job.view), job, storable(failure));
    return (await this.stateOf(job.view, job.dueAt))?.startAfter;
  }

  /** No other attempt is made; a dead letter tells of it. */
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

  /** Lets others take the jobs of workers that are gone. */
  async supervise(views: readonly View[]): Promise<void> {
    await this.#boss.supervise();
    for (const view of views) await this.#hurry(view);
  }

  /**
   * Of an earlier load of the view, while that is not settled: it will make up for this one.
   *
   * @returns undefined when nobody has put it in the queue yet
   */
  async stateOf(view: View, dueAt: Date): Promise<JobState | undefined> {
    if ((await this.#boss.getQueue(queueOf(view))) === null) return undefined;
    const jobs = await this.#boss.findJobs(queueOf(view), ALL);
    const id = jobId(view, dueAt);
    const job = jobs.find(({ state }) => UNSETTLED.has(state)) ?? jobs.find((other) => other.id === id);
    return job && { state: job.state, retryCount: job.retryCount, startAfter: job.startAfter };
  }

  /** The newest first. */
  async deadLetters(): Promise<readonly DeadLetter[]> {
    const jobs = await this.#boss.findJobs<DeadLetterData>(DEAD_LETTERS, ALL);
    return jobs
      .map(({ data, createdOn, sourceRetryCount }) => ({
        view: data.view,
        dueAt: new Date(data.dueAt),
        givenUpAt: createdOn,
        attempts: data.attempts ?? (sourceRetryCount ?? 0) + 1,
        reason: data.reason ?? "The last worker that took it died, or was stopped.",
      }))
      .toSorted((a, b) => b.givenUpAt.getTime() - a.givenUpAt.getTime());
  }

  /** Ends what goes on in the background; the database stays open. */
  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false });
  }

  /** Whose load did not fail, but was interrupted or lost its worker, has no reason to wait. */
  async #hurry(view: View): Promise<void> {
    const jobs = await this.#boss.findJobs(queueOf(view), { queued: true });
    for (const { id, state, output } of jobs) {
      // Of an attempt that we saw fail it says why.
      if (state !== "retry" || "code" in output) continue;
      await this.#boss.update(queueOf(view), undefined, { id, startAfter: 0 });
    }
  }

  /** An owner's schema that exists needs no right to create schemas in the database. */
  async #createSchema(schema: string): Promise<void> {
    const { rows } = await this.#database.query("select from pg_namespace where nspname = $1", [schema]);
    if (rows.length === 0) await this.#database.query(`create schema if not exists ${schema}`);
  }
}

/** What a message quotes may hold what `jsonb` refuses. */
function storable({ code, reason }: Failure): Failure {
  return { code, reason: escapeControlCharacters(reason).toWellFormed() };
}

function queueOf(view: View): string {
  return `load-${view.name}`;
}

/** The same for every worker, so that a load is in the queue once. */
function jobId(view: View, dueAt: Date): string {
  const hex = createHash("sha256").update(`${view.name} ${dueAt.toISOString()}`).digest("hex");
  // A UUID of version 8, which leaves its bits to us (RFC 9562).
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}
