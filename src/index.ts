import { type Logger, pino } from "pino";
import type { Environment } from "./config/read-settings.ts";
import { tracingSettings } from "./config/tracing-settings.ts";
import type { MigrationState } from "./database/migrations/migrations.ts";
import { parseErrorLimit } from "./load/guards/error-limit.ts";
import type { LoadProgress } from "./load/load-context.ts";
import { loadDocuments } from "./loader/load-documents.ts";
import { migrate } from "./loader/migrate.ts";
import { planDocuments } from "./loader/plan-documents.ts";
import type { LoadRequest, PlanRequest } from "./loader/load-request.ts";
import { Loader } from "./loader/loader.ts";
import type { CommittedLoad, LoadOutcome } from "./runs/outcome.ts";
import type { PlannedLoad } from "./load/plan/plan-outcome.ts";
import { viewCatalog, viewNamed } from "./views/catalog.ts";
import type { View } from "./views/view.ts";

export { OtcError, type ErrorCode } from "./errors/otc-error.ts";
export type { Environment } from "./config/read-settings.ts";
export type { CommittedLoad, FailedLoad, LoadCounts, LoadOutcome } from "./runs/outcome.ts";
export type { PlannedLoad } from "./load/plan/plan-outcome.ts";
export type { ColumnChanges, DuplicateKeys, TrippedGuard } from "./load/plan/plan-report.ts";
export type { RowKey } from "./load/tables/row-key.ts";
export type { DriftWarning } from "./runs/drift-warning.ts";
export type { LoadProgress } from "./load/load-context.ts";
export type { MigrationState } from "./database/migrations/migrations.ts";
export type { SchemaDrift } from "./views/record-converter.ts";

/** Options of a loader; all are optional. */
export interface CreateLoaderOptions {
  /** The `OTC_*` variables. Default: `process.env`. */
  readonly env?: Environment;
  /** A pino logger. Default: nothing is logged. */
  readonly log?: Logger;
  /** Called after every chunk of a document; must return quickly. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Options of one load. */
export interface LoadSettings {
  /** The largest number of rejected records, or a percentage such as `"2%"`. Default: the larger of 100 and 1 %. */
  readonly maxErrors?: number | string;
  /** Accept a document with fewer than half of the last load's records. */
  readonly allowShrink?: boolean;
  /** Accept many records whose date says that the last load should have had them. */
  readonly allowLate?: boolean;
  /** Send requests to OTC although the circuit is open. */
  readonly ignoreCircuit?: boolean;
  /** Compare every record with its row, also those that have not changed. */
  readonly full?: boolean;
  /** How long to wait for another load of the view to end, in milliseconds. Default: 0. */
  readonly waitMs?: number;
  /** Time limit of the load, in milliseconds. Default: `OTC_LOAD_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** The path of a document to load instead of one from the API (plain, gzip or zstd). */
  readonly from?: string;
  /** Cancels the load, which is then rolled back. */
  readonly signal?: AbortSignal;
}

/** Loads OTC's views into the configured database. */
export interface OtcLoader {
  /** @throws OtcError when the load failed; it was rolled back, and the run is recorded */
  loadTickets(settings?: LoadSettings): Promise<CommittedLoad>;
  /** @throws OtcError when the load failed; it was rolled back, and the run is recorded */
  loadComments(settings?: LoadSettings): Promise<CommittedLoad>;
  /** @throws OtcError when the load failed; it was rolled back, and the run is recorded */
  loadTimesheets(settings?: LoadSettings): Promise<CommittedLoad>;
  /** Loads any view by name. @throws OtcError when the load failed */
  load(view: string, settings?: LoadSettings): Promise<CommittedLoad>;
  /**
   * Loads all views one after the other, or in one transaction. A load that fails is an outcome with status `failed`.
   *
   * @throws OtcError when no load could start, because of the configuration or the database
   */
  loadAll(
    settings?: Omit<LoadSettings, "from"> & { readonly atomic?: boolean },
  ): Promise<readonly LoadOutcome[]>;
  /**
   * Reports what a load of the view would do: runs it and rolls it back. Guards that would fail the load are reported.
   *
   * @throws OtcError when the plan failed for another reason
   */
  plan(view: string, settings?: LoadSettings & { readonly samples?: number }): Promise<PlannedLoad>;
  /** Creates or updates the tables, and fills the derived tables. */
  migrate(): Promise<readonly MigrationState[]>;
  /** Releases connections and locks; the loader cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Creates a loader. It connects at the first call.
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
  const loader = new Loader({
    env: options.env ?? process.env,
    flags: {},
    tracing: tracingSettings(process.env),
    log: options.log ?? pino({ level: "silent" }),
  });

  const request = (
    views: readonly View[],
    settings: LoadSettings,
  ): Omit<LoadRequest & PlanRequest, "atomic" | "samples"> => ({
    views,
    errorLimit:
      settings.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(String(settings.maxErrors)),
    allowShrink: settings.allowShrink ?? false,
    allowLate: settings.allowLate ?? false,
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
    const [outcome] = await loadDocuments(loader, { ...request(views, settings), atomic: false });
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
      loadDocuments(loader, { ...request(await viewCatalog(), settings), atomic }),
    plan: async (name, { samples = 5, ...settings } = {}) => {
      const views = [viewNamed(await viewCatalog(), name)];
      const [outcome] = await planDocuments(loader, { ...request(views, settings), samples });
      if (outcome === undefined) throw new Error(`The plan of ${name} had no outcome.`);
      if (outcome.status === "failed") throw outcome.error;
      return outcome;
    },
    migrate: () => migrate(loader, new AbortController().signal),
    close: () => loader.close(),
  };
}
