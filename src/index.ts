import { type Logger, pino } from "pino";
import { processEnvironment } from "./config/process-environment.ts";
import type { Environment } from "./config/read-settings.ts";
import type { MigrationState } from "./database/migrations.ts";
import { parseErrorLimit } from "./load/error-limit.ts";
import type { LoadProgress } from "./load/load-context.ts";
import { Loader, type LoadRequest, type PlanRequest } from "./loader/loader.ts";
import type { CommittedLoad, LoadOutcome } from "./runs/outcome.ts";
import type { PlannedLoad } from "./load/plan/plan-outcome.ts";
import { viewCatalog, viewNamed } from "./views/catalog.ts";
import type { View } from "./views/view.ts";

export { OtcError, type ErrorCode } from "./errors/otc-error.ts";
export type { Environment } from "./config/read-settings.ts";
export type { CommittedLoad, FailedLoad, LoadCounts, LoadOutcome } from "./runs/outcome.ts";
export type { PlannedLoad } from "./load/plan/plan-outcome.ts";
export type { ColumnChanges, DuplicateKeys, RowKey, TrippedGuard } from "./load/plan/plan-report.ts";
export type { DriftWarning } from "./runs/drift-warning.ts";
export type { LoadProgress } from "./load/load-context.ts";
export type { MigrationState } from "./database/migrations.ts";
export type { SchemaDrift } from "./views/record-converter.ts";

/** How a loader behaves; everything is optional. */
export interface CreateLoaderOptions {
  /** The `OTC_*` variables; `process.env` when left out. */
  readonly env?: Environment;
  /** A pino logger; silent when left out. */
  readonly log?: Logger;
  /** Told after every chunk of a document; must be quick. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** How strict one load is. */
export interface LoadSettings {
  /** As `--max-errors`: a number of records, or a percentage such as `"2%"`. Default: the larger of 100 and 1 %. */
  readonly maxErrors?: number | string;
  /** Accept a document with fewer than half of the last load's records. */
  readonly allowShrink?: boolean;
  /** Ask OTC although the circuit breaker is open. */
  readonly ignoreCircuit?: boolean;
  /** Compare every record with its row, also those that have not changed. */
  readonly full?: boolean;
  /** How long to wait for another load of the view to end, in milliseconds; default 0. */
  readonly waitMs?: number;
  /** Time for the load, in milliseconds; default `OTC_LOAD_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** A document to load instead of asking the API: a path (plain, gzip or zstd). */
  readonly from?: string;
  /** Cancels the load, which is then rolled back. */
  readonly signal?: AbortSignal;
}

/** Loads OTC's views into the configured database. */
export interface OtcLoader {
  /** @throws OtcError when the load failed; it was rolled back then, and the run is on record */
  loadTickets(settings?: LoadSettings): Promise<CommittedLoad>;
  /** @throws OtcError when the load failed; it was rolled back then, and the run is on record */
  loadComments(settings?: LoadSettings): Promise<CommittedLoad>;
  /** @throws OtcError when the load failed; it was rolled back then, and the run is on record */
  loadTimesheets(settings?: LoadSettings): Promise<CommittedLoad>;
  /** Loads any view by name. @throws OtcError when the load failed */
  load(view: string, settings?: LoadSettings): Promise<CommittedLoad>;
  /**
   * Loads every view in turn, or all in one transaction. A view that fails is an outcome with status `failed`.
   *
   * @throws OtcError when nothing could be begun: configuration, database
   */
  loadAll(
    settings?: Omit<LoadSettings, "from"> & { readonly atomic?: boolean },
  ): Promise<readonly LoadOutcome[]>;
  /**
   * Tells what a load of the view would do: does it and rolls it back. Guards that would fail the load are reported.
   *
   * @throws OtcError when it failed for another reason
   */
  plan(view: string, settings?: LoadSettings & { readonly samples?: number }): Promise<PlannedLoad>;
  /** Creates or updates the tables, and fills what is derived from their rows. */
  migrate(): Promise<readonly MigrationState[]>;
  /** Gives connections and locks back; the loader cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Opens a loader. Nothing is connected before the first call.
 *
 * @example
 * ```ts
 * import { createLoader } from "otc-etl";
 *
 * const loader = createLoader();
 * try {
 *   await loader.migrate();
 *   const { inserted, updated, unchanged } = await loader.loadTickets();
 *   console.log({ inserted, updated, unchanged });
 * } finally {
 *   await loader.close();
 * }
 * ```
 * @throws OtcError `configuration` when a setting is not valid
 */
export function createLoader(options: CreateLoaderOptions = {}): OtcLoader {
  const env = options.env ?? processEnvironment();
  const loader = new Loader({ env, flags: {}, log: options.log ?? pino({ level: "silent" }) });

  const request = (
    views: readonly View[],
    settings: LoadSettings,
  ): Omit<LoadRequest & PlanRequest, "atomic" | "samples"> => ({
    views,
    errorLimit:
      settings.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(String(settings.maxErrors)),
    allowShrink: settings.allowShrink ?? false,
    ignoreCircuit: settings.ignoreCircuit ?? false,
    full: settings.full ?? false,
    lockWaitMs: settings.waitMs ?? 0,
    ...(settings.timeoutMs === undefined ? {} : { timeoutMs: settings.timeoutMs }),
    ...(settings.from === undefined ? {} : { file: { path: settings.from, stdin: process.stdin } }),
    signal: settings.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => undefined),
    onOutcome: () => undefined,
  });

  const load = async (name: string, settings: LoadSettings = {}): Promise<CommittedLoad> => {
    const views = [viewNamed(await viewCatalog(), name)];
    const [outcome] = await loader.load({ ...request(views, settings), atomic: false });
    if (outcome === undefined) throw new Error(`The load of ${name} had no outcome.`);
    if (outcome.status === "failed") throw outcome.error;
    return outcome;
  };

  return {
    loadTickets: (settings) => load("tickets", settings),
    loadComments: (settings) => load("comments", settings),
    loadTimesheets: (settings) => load("timesheets", settings),
    load,
    loadAll: async ({ atomic = false, ...settings } = {}) =>
      loader.load({ ...request(await viewCatalog(), settings), atomic }),
    plan: async (name, { samples = 5, ...settings } = {}) => {
      const views = [viewNamed(await viewCatalog(), name)];
      const [outcome] = await loader.plan({ ...request(views, settings), samples });
      if (outcome === undefined) throw new Error(`The plan of ${name} had no outcome.`);
      if (outcome.status === "failed") throw outcome.error;
      return outcome;
    },
    migrate: () => loader.migrate(new AbortController().signal),
    close: () => loader.close(),
  };
}
