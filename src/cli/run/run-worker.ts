import type { Command } from "commander";
import { exitCodeOf, OtcError } from "../../errors/otc-error.ts";
import { errorMessage } from "../../errors/error-message.ts";
import { loadDocuments } from "../../loader/load-documents.ts";
import { migrate } from "../../loader/migrate.ts";
import { prune } from "../../loader/prune.ts";
import { sendDatabaseAlert, sendDueAlerts } from "../../loader/send-alerts.ts";
import type { LoadRequest } from "../../loader/load-request.ts";
import { type LoadOutcome, unbegunLoad } from "../../runs/outcome.ts";
import type { View } from "../../views/view.ts";
import { keepAliveFile } from "../../worker/alive-file.ts";
import { DatabaseWatch } from "../../worker/database-watch.ts";
import { readJobsBackend } from "../../database/table-backend.ts";
import { JobQueue } from "../../worker/job-queue.ts";
import { GraceSignal } from "../../worker/grace-signal.ts";
import { Shutdown } from "../../shutdown/shutdown.ts";
import { readWorkerStatus } from "../../worker/read-worker-status.ts";
import { requireSchedules } from "../../schedule/schedule.ts";
import type { WorkerContext } from "../../worker/worker-context.ts";
import { work, workOnce } from "../../worker/worker.ts";
import { chosenViews } from "../options/chosen-views.ts";
import type { CliContext } from "../cli-context.ts";
import { failureExitCode } from "../failure-exit-code.ts";
import { readErrorLimit } from "../options/load-options.ts";
import type { ServeFlags } from "../options/serve-options.ts";
import { renderOutcomes } from "../render/render-outcomes.ts";
import { renderWorkerStatus } from "../render/render-worker-status.ts";
import { reporting } from "../render/reporting.ts";
import { exitCodeOfOutcomes } from "./run-load.ts";
import { type Session, withSession } from "../session.ts";
import { withStatusPage } from "../status-page.ts";
import type { ErrorLimitFlags } from "../options/load-options.ts";

export interface WorkerFlags extends ErrorLimitFlags, ServeFlags {
  readonly serve: boolean;
  readonly once: boolean;
  readonly list: boolean;
  readonly migrate: boolean;
  readonly aliveFile?: string;
}

/** Dead letters of each view that `--list` shows. */
const LETTERS_SHOWN = 5;

/** A database that restarts is back sooner; in milliseconds. */
const DATABASE_PATIENCE_MS = 60_000;

/** Loads a view; a failure is an outcome, even if the load could not start. */
type Load = WorkerContext["load"];

/** @returns the exit code */
export function runWorker(
  views: readonly string[],
  flags: WorkerFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  const limits = readErrorLimit(flags);
  return withSession(command, context, async (session) => {
    const { loader, log, options, layout } = session;
    const schedules = requireSchedules(await chosenViews(views), loader.settings, context.env, options.flags);
    if (!flags.list) {
      // A missing setting of the API fails the start, and not a load in the night.
      for (const { view } of schedules) await loader.apiSource(view);
      if (flags.migrate) await migrate(loader, context.signal);
    }
    const database = await loader.migratedDatabase();
    const onError = (error: Error): void => {
      log.debug(`pg-boss: ${errorMessage(error)}`);
    };
    const queue = new JobQueue(database, onError, await readJobsBackend(database));
    if (flags.list) {
      const statuses = await readWorkerStatus(database, queue, schedules, LETTERS_SHOWN);
      if (!flags.json) context.stdout.write(renderWorkerStatus(statuses, layout));
      else for (const status of statuses) context.stdout.write(`${JSON.stringify(status)}\n`);
      return 0;
    }

    const alive = flags.aliveFile === undefined ? undefined : await keepAliveFile(flags.aliveFile, log);
    // A load may continue for a while after the worker was told to stop. Then five seconds are left.
    const grace = new GraceSignal(context.signal, loader.settings.stopGraceMs);
    context.endAfter(grace.signal);
    const loading = { ...context, signal: grace.signal };
    const loadView = loadOf(session, { ...limits, ...reporting(session, loading, flags) });
    const load: Load = (view) => grace.during(() => loadView(view));
    const deleteOld = async (): Promise<void> => {
      try {
        log.debug(await prune(loader, context.signal), "old records deleted");
      } catch (error) {
        log.warn(`old records could not be deleted: ${errorMessage(error)}`);
      }
    };
    const databaseWatch = new DatabaseWatch((news) => sendDatabaseAlert(loader, news), DATABASE_PATIENCE_MS);
    const worker: WorkerContext = {
      database,
      queue,
      schedules,
      load,
      sendDueAlerts: () => sendDueAlerts(loader),
      databaseWatch,
      prune: deleteOld,
      log,
      signal: context.signal,
    };
    const report = (outcomes: readonly LoadOutcome[]): void => {
      if (flags.json || options.quiet) return;
      context.stdout.write(outcomes.length === 0 ? "Nothing to load.\n" : renderOutcomes(outcomes, layout));
    };
    const run = async (): Promise<number> => {
      await queue.start(schedules.map(({ view }) => view));
      return flags.once ? loadOnce(worker, report) : loadUntilStopped(worker);
    };
    try {
      return flags.serve ? await withStatusPage(session, context, flags, true, run) : await run();
    } finally {
      grace.stop();
      alive?.stop();
      await queue.stop();
      await loader.close(Shutdown.of(grace.signal));
    }
  });
}

function loadOf({ loader }: Session, request: Omit<LoadRequest, "views" | "allowShrink" | "atomic">): Load {
  return async (view) => {
    const startedAt = performance.now();
    try {
      const [outcome] = await loadDocuments(loader, {
        ...request,
        views: [view],
        allowShrink: false,
        atomic: false,
      });
      if (outcome === undefined) throw new OtcError("internal", `The load of ${view.name} had no outcome.`);
      return outcome;
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(errorMessage(error));
      const outcome = unbegunLoad(view.name, reason, performance.now() - startedAt);
      request.onOutcome(outcome);
      return outcome;
    }
  };
}

/** @returns the exit code: 0, unless a load had to be interrupted */
async function loadUntilStopped(worker: WorkerContext): Promise<number> {
  let last: LoadOutcome | undefined;
  await work({ ...worker, load: async (view) => (last = await worker.load(view)) });
  return last?.status === "failed" && last.error === worker.signal.reason ? exitCodeOf(last.error) : 0;
}

/**
 * @returns the exit code
 * @throws OtcError `locked` when another worker has a load that is due, `interrupted` when one could not start in time
 */
async function loadOnce(
  worker: WorkerContext,
  report: (outcomes: readonly LoadOutcome[]) => void,
): Promise<number> {
  const outcomes: LoadOutcome[] = [];
  const load = async (view: View): Promise<LoadOutcome> => {
    const outcome = await worker.load(view);
    outcomes.push(outcome);
    return outcome;
  };
  const left = await workOnce({ ...worker, load });
  report(outcomes);
  const failure = failureExitCode(outcomes);
  if (failure !== undefined || left.length === 0) return failure ?? exitCodeOfOutcomes(outcomes);
  worker.signal.throwIfAborted();
  throw new OtcError("locked", `Another worker is loading ${left.map(({ name }) => name).join(", ")}.`, {
    remedy: "Try again later; `otc-etl worker --list` shows its state.",
  });
}
