import type { Readable } from "node:stream";
import type { Logger } from "pino";
import { Archive } from "../archive/archive.ts";
import { databaseSettings } from "../config/database-settings.ts";
import { packageVersion } from "../config/package-version.ts";
import { processEnvironment } from "../config/process-environment.ts";
import { type Environment, readSettings, readViewId } from "../config/read-settings.ts";
import { type Settings, viewIdVariable } from "../config/settings.ts";
import { tracingSettings } from "../config/tracing-settings.ts";
import type { Database } from "../database/database.ts";
import { type MigrationState, requireMigrated } from "../database/migrations.ts";
import { openDatabase } from "../database/open-database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { ApiClient } from "../source/api-client.ts";
import type { DocumentSource } from "../source/document-source.ts";
import { fileSource } from "../source/file-source.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { viewCatalog } from "../views/catalog.ts";
import { timeZoneNamed } from "../views/values/time-zone.ts";
import type { View } from "../views/view.ts";
import type { ErrorLimit } from "../load/error-limit.ts";
import { checkHistoryColumns } from "../load/apply/history.ts";
import type { LoadContext, LoadProgress } from "../load/load-context.ts";
import { loadViews, loadViewsAtomically } from "../load/load-views.ts";
import { fillDerived, migrate } from "./migrate.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { PlanOutcome } from "../load/plan/plan-outcome.ts";
import { planViews } from "../load/plan/plan-views.ts";
import type { RunKind } from "../runs/run-kind.ts";

/** What a loader is opened with. */
export interface LoaderInput {
  readonly env: Environment;
  /** Flags by name without dashes; they win over the environment. */
  readonly flags: Environment;
  readonly log: Logger;
}

/** Which documents to read, and how strict to be. */
interface DocumentRequest {
  readonly views: readonly View[];
  readonly errorLimit: ErrorLimit;
  readonly allowShrink: boolean;
  /** Ask OTC although the circuit is open. */
  readonly ignoreCircuit?: boolean;
  /** Compare every record with its row, whatever the fingerprints say; default false. */
  readonly full?: boolean;
  /** How long to wait for another load of the view to end, in milliseconds; not at all when left out. */
  readonly lockWaitMs?: number;
  /** Time for each load, in milliseconds; the setting when left out. */
  readonly timeoutMs?: number;
  /** A file to load instead of asking the API; `-` reads `stdin`. One view only. */
  readonly file?: { readonly path: string; readonly stdin: Readable };
  /** Where the views' documents come from instead of the API. */
  readonly sourceOf?: (view: View) => DocumentSource;
  /** A `load` when left out. */
  readonly kind?: RunKind;
  /** Rows that are newer than the record stay as they are; default false. */
  readonly keepNewer?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** What to load. */
export interface LoadRequest extends DocumentRequest {
  /** All views in one transaction. */
  readonly atomic: boolean;
  /** Told after each view, as soon as it is committed or rolled back. */
  readonly onOutcome: (outcome: LoadOutcome) => void;
}

/** What to plan. */
export interface PlanRequest extends DocumentRequest {
  /** How many keys, and changes of each column, to show. */
  readonly samples: number;
  /** Told after each view. */
  readonly onOutcome: (outcome: PlanOutcome) => void;
}

/** The configured database and API, opened when they are first needed, and the loads between them. */
export class Loader {
  readonly settings: Settings;
  readonly #input: LoaderInput;
  #database: Promise<Database> | undefined;
  #client: ApiClient | undefined;
  #tracing: Promise<Tracing | undefined> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws OtcError `configuration` */
  constructor(input: LoaderInput) {
    this.#input = input;
    this.settings = readSettings(input.env, input.flags);
  }

  /** The database, opened once. */
  database(): Promise<Database> {
    this.#database ??= openDatabase(databaseSettings(this.settings));
    return this.#database;
  }

  /** Where the embedded database lies; undefined when a server is configured. */
  get embeddedDirectory(): string | undefined {
    const database = databaseSettings(this.settings);
    return database.engine === "embedded" ? database.dataDir : undefined;
  }

  /** Where documents are kept; undefined when none are. */
  get archive(): Archive | undefined {
    const { archiveDir, archiveKeep } = this.settings;
    return archiveDir === undefined ? undefined : new Archive(archiveDir, archiveKeep);
  }

  /**
   * The view as the API serves it.
   *
   * @throws OtcError `configuration`
   */
  apiSource(view: View): DocumentSource {
    const { env, flags } = this.#input;
    const api = requiredApiSettings(this.settings);
    const viewId = readViewId(env, flags, view.name);
    this.#client ??= new ApiClient({ ...api, userAgent: `otc-etl/${packageVersion()}` });
    return this.#client.source({ viewId, viewSetting: viewIdVariable(view.name) });
  }

  /**
   * Brings the tables up to date, with all that is derived from their rows.
   *
   * @returns the migrations applied now
   * @throws OtcError `database`, `migration`, `locked`
   */
  async migrate(signal: AbortSignal): Promise<readonly MigrationState[]> {
    return migrate({ database: await this.database(), log: this.#input.log, signal });
  }

  /** Fills what is derived from the rows of tables that have just been adopted. */
  async fillDerived(signal: AbortSignal): Promise<void> {
    await fillDerived({ database: await this.database(), log: this.#input.log, signal });
  }

  /**
   * Loads the views. A load that fails is an outcome, not an exception.
   *
   * @throws OtcError before anything is begun: `usage`, `configuration`, `migration`, `database`, `locked`
   */
  async load(request: LoadRequest): Promise<readonly LoadOutcome[]> {
    const context = await this.#context(request);
    const run = request.atomic ? loadViewsAtomically : loadViews;
    const tracing = await this.#openTracing();
    const outcomes = await run(request.views, { ...context, tracing }, request.onOutcome);
    // Whoever interrupted it knows, and has five seconds' patience; what else there is to tell stays due.
    if (context.kind === "load" && !request.signal.aborted) await this.sendDueAlerts(outcomes);
    return outcomes;
  }

  /**
   * Tells the webhook, if there is one, what has broken and what is well again since it was last told; see
   * `evaluateAlerts`. Loads do it themselves. That a view gets old only those see who ask from time to time.
   *
   * @param outcomes of the load that has just ended, if this follows one
   */
  async sendDueAlerts(outcomes: readonly LoadOutcome[] = []): Promise<void> {
    const { alertWebhook, alertFormat, alertOn, maxAgeMs, maxRollbackRate } = this.settings;
    if (alertWebhook === undefined) return;
    const { evaluateAlerts } = await import("../alerts/evaluate-alerts.ts");
    await evaluateAlerts({
      database: await this.database(),
      views: await viewCatalog(),
      webhook: { url: alertWebhook, format: alertFormat },
      conditions: alertOn,
      limits: { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate },
      outcomes,
      log: this.#input.log,
    });
  }

  /**
   * Loads the views and rolls each back, to tell what a load would do. A plan that fails is an outcome, not an exception.
   *
   * @throws OtcError as `load` does
   */
  async plan(request: PlanRequest): Promise<readonly PlanOutcome[]> {
    const context = await this.#context(request);
    return planViews(request.views, context, request.samples, request.onOutcome);
  }

  /** Gives connections and locks back; can be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The database and all that loads from it need. Nothing is asked of OTC yet. */
  async #context(request: DocumentRequest): Promise<LoadContext> {
    const { settings } = this;
    checkHistoryColumns(settings.historyColumns, await viewCatalog());
    const sources = new Map(request.views.map((view) => [view, this.#sourceOf(view, request)]));
    const timeZone = await timeZoneNamed(settings.timezone);
    const database = await this.database();
    await requireMigrated(database);
    return {
      database,
      sourceOf: (view) => sources.get(view) ?? this.#sourceOf(view, request),
      kind: request.kind ?? "load",
      archive: this.archive,
      options: {
        errorLimit: request.errorLimit,
        allowShrink: request.allowShrink,
        keepNewer: request.keepNewer ?? false,
        full: request.full ?? false,
        maxKnownRows: settings.maxKnownRows,
        maxRecordBytes: settings.maxRecordBytes,
        retry: { retries: settings.retries, baseMs: settings.retryBaseMs },
        pace: {
          requestIntervalMs: settings.requestIntervalMs,
          viewGapMs: settings.viewGapMs,
          requestsPerHour: settings.requestsPerHour,
        },
        maxPaceWaitMs: settings.maxPaceWaitMs,
        circuit: { failures: settings.breakerFailures, cooldownMs: settings.breakerCooldownMs },
        ignoreCircuit: request.ignoreCircuit ?? false,
        lockWaitMs: request.lockWaitMs ?? 0,
        timeoutMs: request.timeoutMs ?? settings.loadTimeoutMs,
        timeZone,
        historyColumns: settings.historyColumns,
      },
      log: this.#input.log,
      signal: request.signal,
      onProgress: request.onProgress,
      tracing: undefined,
    };
  }

  /** What traces need is loaded only where they are asked for; a load does without if it has to. */
  #openTracing(): Promise<Tracing | undefined> {
    this.#tracing ??= openTracing(this.#input.log);
    return this.#tracing;
  }

  async #close(): Promise<void> {
    await (await this.#tracing)?.close();
    await this.#client?.close();
    // A database that never opened has nothing to give back.
    const database = await this.#database?.catch(() => undefined);
    await database?.close();
  }

  #sourceOf(view: View, { file, sourceOf, views }: DocumentRequest): DocumentSource {
    if (sourceOf !== undefined) return sourceOf(view);
    if (file === undefined) return this.apiSource(view);
    if (views.length > 1) {
      throw new OtcError("usage", "A file holds one view.", {
        remedy: "Name it, for example `load tickets --from FILE`.",
      });
    }
    return fileSource(file.path, file.stdin);
  }
}

async function openTracing(log: Logger): Promise<Tracing | undefined> {
  const settings = tracingSettings(processEnvironment());
  if (settings === undefined) return undefined;
  try {
    const tracing = await import("../tracing/open-tracing.ts");
    return tracing.openTracing(settings, log);
  } catch (error) {
    log.warn(`no traces are made: ${errorMessage(error)}`);
    return undefined;
  }
}

/** @throws OtcError `configuration` naming every setting of the API that is missing */
export function requiredApiSettings(settings: Settings) {
  const { apiUrl, apiUsername, apiPassword, timeoutMs } = settings;
  if (apiUrl === undefined || apiUsername === undefined || apiPassword === undefined) {
    const missing = [
      ...(apiUrl === undefined ? ["OTC_API_URL"] : []),
      ...(apiUsername === undefined ? ["OTC_API_USERNAME"] : []),
      ...(apiPassword === undefined ? ["OTC_API_PASSWORD (or OTC_API_PASSWORD_FILE)"] : []),
    ];
    throw new OtcError("configuration", `Not set: ${missing.join(", ")}.`, {
      remedy: "Set them in the environment or in .env (see .env.example), or load a file with --from.",
    });
  }
  return { url: apiUrl, username: apiUsername, password: apiPassword, timeoutMs };
}
