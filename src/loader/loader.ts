import type { Readable } from "node:stream";
import type { Logger } from "pino";
import { Archive } from "../archive/archive.ts";
import { type AlertSettings, alertSettings } from "../config/alert-settings.ts";
import { requiredApiSettings } from "../config/api-settings.ts";
import { databaseSettings } from "../config/database-settings.ts";
import { packageVersion } from "../config/package-version.ts";
import { proxySettings } from "../config/proxy-settings.ts";
import { type Environment, readMissingSetting, readSettings, readViewId } from "../config/read-settings.ts";
import { type Settings, viewIdVariable } from "../config/settings.ts";
import type { TracingSettings } from "../config/tracing-settings.ts";
import type { Database } from "../database/database.ts";
import { lockMigrations, type MigrationState, requireMigrated } from "../database/migrations/migrations.ts";
import { openDatabase } from "../database/open-database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { ApiClient } from "../source/api-client.ts";
import type { DocumentSource } from "../source/document-source.ts";
import type { LoadSource } from "../runs/load-source.ts";
import { checkedFileSource } from "../source/file-source.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { viewCatalog } from "../views/catalog.ts";
import { isSameTimeZone, timeZoneNamed } from "../views/values/time-zone.ts";
import { MISSING_MODES, type MissingMode, type View } from "../views/view.ts";
import type { ErrorLimit } from "../load/guards/error-limit.ts";
import { checkHistoryColumns } from "../load/apply/history.ts";
import type { LoadContext, LoadProgress } from "../load/load-context.ts";
import { COMMITTING } from "../load/load-observer.ts";
import { loadViews, loadViewsAtomically } from "../load/load-views.ts";
import { fillDerived, migrate } from "./migrate.ts";
import { prune, type Pruned } from "./prune.ts";
import type { LoadOutcome } from "../runs/outcome.ts";
import type { PlanOutcome } from "../load/plan/plan-outcome.ts";
import { planViews } from "../load/plan/plan-views.ts";
import type { PartitionRequest } from "../partitions/partition-request.ts";
import { type PartitionedTable, partitionTable } from "../partitions/partition-table.ts";
import { pinTimeZone, readPinnedTimeZone, writePinnedTimeZone } from "../runs/pinned-time-zone.ts";
import type { RunKind } from "../runs/run-kind.ts";
import { Shutdown } from "../shutdown/shutdown.ts";

/** What a loader is created from. */
export interface LoaderInput {
  readonly env: Environment;
  /** Flags by name without dashes; they take precedence over the environment. */
  readonly flags: Environment;
  /** Whether and where to send spans; none when left out. */
  readonly tracing?: TracingSettings | undefined;
  readonly log: Logger;
}

/** Which documents to read, and with which guards. */
interface DocumentRequest {
  readonly views: readonly View[];
  readonly errorLimit: ErrorLimit;
  readonly allowShrink: boolean;
  /** Accept many records that the last load should have had. Default: false. */
  readonly allowLate?: boolean;
  /** Send requests to OTC although the circuit is open. */
  readonly ignoreCircuit?: boolean;
  /** Compare every record with its row, whatever the fingerprints say. Default: false. */
  readonly full?: boolean;
  /** How long to wait for another load of the view to end, in milliseconds. Default: do not wait. */
  readonly lockWaitMs?: number;
  /** Time limit for each load, in milliseconds. Default: the setting. */
  readonly timeoutMs?: number;
  /** A file to load instead of a document of the API; `-` reads `stdin`. Allowed for one view only. */
  readonly file?: { readonly path: string; readonly stdin: Readable };
  /** Where the views' documents come from instead of the API. */
  readonly sourceOf?: (view: View) => LoadSource;
  /** Default: `load`. */
  readonly kind?: RunKind;
  /** Rows that are newer than the record stay as they are; default false. */
  readonly keepNewer?: boolean;
  /** How many rows may be removed as missing if that is more than the guard allows. Default: 0. */
  readonly acceptMissing?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** What to load. */
export interface LoadRequest extends DocumentRequest {
  /** All views in one transaction. */
  readonly atomic: boolean;
  /** Called after each view, as soon as it is committed or rolled back. */
  readonly onOutcome: (outcome: LoadOutcome) => void;
}

/** What to plan. */
export interface PlanRequest extends DocumentRequest {
  /** Only find the rows that the documents should contain and do not, wherever these come from. Default: false. */
  readonly reportsMissing?: boolean;
  /** How many duplicate keys, and changes per column, to report. */
  readonly samples: number;
  /** Called after each view. */
  readonly onOutcome: (outcome: PlanOutcome) => void;
}

/** Options of a plan that reports missing rows whatever the settings say. */
const REPORTING_MISSING = { looksForMissing: true, missingModeOf: (): MissingMode => "report" };

/** Runs loads from the configured API into the configured database; both are opened at first use. */
export class Loader {
  readonly settings: Settings;
  /** Where alerts are sent. */
  readonly alerts: AlertSettings;
  readonly #input: LoaderInput;
  #database: Promise<Database> | undefined;
  #client: ApiClient | undefined;
  #tracing: Promise<Tracing | undefined> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws OtcError `configuration` */
  constructor(input: LoaderInput) {
    this.#input = input;
    this.settings = readSettings(input.env, input.flags);
    // A mistake in them fails the start, and not an alert in the night.
    this.alerts = alertSettings(this.settings, input.env);
  }

  /**
   * The database, opened once.
   *
   * @throws OtcError `migration` when there is no embedded database, which only `migrate` creates
   */
  database(): Promise<Database> {
    return this.#open({ create: false });
  }

  /** The database, whose tables are those of this version. @throws OtcError as `database`, and `migration` otherwise */
  async migratedDatabase(): Promise<Database> {
    const database = await this.database();
    await requireMigrated(database);
    return database;
  }

  /** The directory of the embedded database; undefined when a server is configured. */
  get embeddedDirectory(): string | undefined {
    const database = databaseSettings(this.settings);
    return database.engine === "embedded" ? database.dataDir : undefined;
  }

  /** The archive; undefined when none is configured. */
  get archive(): Archive | undefined {
    const { archiveDir, archiveKeep } = this.settings;
    return archiveDir === undefined ? undefined : new Archive(archiveDir, archiveKeep);
  }

  /**
   * The view as the API serves it.
   *
   * @throws OtcError `configuration`
   */
  async apiSource(view: View): Promise<DocumentSource> {
    const { env, flags } = this.#input;
    const api = requiredApiSettings(this.settings);
    const viewId = readViewId(env, flags, view.name);
    // Its import takes a quarter of the start, and a file needs no client.
    const { ApiClient } = await import("../source/api-client.ts");
    this.#client ??= new ApiClient({
      ...api,
      proxies: proxySettings(env),
      userAgent: `otc-etl/${packageVersion()}`,
    });
    return this.#client.source({ viewId, viewSetting: viewIdVariable(view.name) });
  }

  /** Deletes old runs, rejected records and requests, as the settings say. */
  async prune(signal: AbortSignal): Promise<Pruned> {
    const { keepRunsMs, keepRejectsMs } = this.settings;
    return prune(await this.database(), { runsMs: keepRunsMs, rejectsMs: keepRejectsMs }, signal);
  }

  /**
   * Brings the tables up to date, including the derived tables.
   *
   * @returns the migrations applied now
   * @throws OtcError `database`, `migration`, `locked`
   */
  async migrate(signal: AbortSignal): Promise<readonly MigrationState[]> {
    return migrate({ database: await this.#open({ create: true }), log: this.#input.log, signal });
  }

  /**
   * Changes the time zone that the rows are written with, from the next load on. The rows stay as they are.
   *
   * @returns the zone before; null when no load has recorded one
   * @throws OtcError `configuration` when there is no such zone, `locked` while a load is running, `migration`
   */
  async changeTimeZone(name: string, signal: AbortSignal): Promise<string | null> {
    await timeZoneNamed(name, "--time-zone");
    const database = await this.migratedDatabase();
    return database.transaction(async (transaction) => {
      await lockMigrations(transaction);
      const previous = await readPinnedTimeZone(transaction);
      const isSame = previous !== null && (await isSameTimeZone(previous, name));
      if (!isSame) await writePinnedTimeZone(transaction, name);
      return previous;
    }, signal);
  }

  /**
   * Divides the tables of views by time, with their rows. A period begins and ends in the time zone that the rows are
   * written with. Each table is divided in a transaction of its own.
   *
   * @throws OtcError `migration` when a table cannot be divided, `locked` while a load is running
   */
  async partition(
    requests: readonly PartitionRequest[],
    signal: AbortSignal,
  ): Promise<readonly PartitionedTable[]> {
    const database = await this.migratedDatabase();
    const timeZone = (await readPinnedTimeZone(database)) ?? this.settings.timezone;
    const done: PartitionedTable[] = [];
    for (const request of requests) done.push(await partitionTable(database, request, timeZone, signal));
    return done;
  }

  /** Fills the derived tables from tables that have just been adopted. */
  async fillDerived(signal: AbortSignal): Promise<void> {
    await fillDerived({ database: await this.database(), log: this.#input.log, signal });
  }

  /**
   * Loads the views. A load that fails is an outcome, not an exception.
   *
   * @throws OtcError before any load starts: `usage`, `configuration`, `migration`, `database`, `locked`
   */
  async load(request: LoadRequest): Promise<readonly LoadOutcome[]> {
    const context = await this.#context(request, { records: true });
    const run = request.atomic ? loadViewsAtomically : loadViews;
    const tracing = await this.#openTracing();
    const outcomes = await run(request.views, { ...context, tracing }, request.onOutcome);
    // An interrupted process has five seconds to end. Alerts stay due until the next check.
    if (context.kind === "load" && !request.signal.aborted) await this.sendDueAlerts();
    return outcomes;
  }

  /**
   * Sends the alerts that are due to the webhook and by e-mail, as configured; see `evaluateAlerts`. Loads do so at their
   * end. Only periodic checks detect loads that never start.
   */
  async sendDueAlerts(): Promise<void> {
    const { alertOn, maxAgeMs, maxRollbackRate } = this.settings;
    const { alertChannels } = await import("../alerts/alert-channels.ts");
    const channels = alertChannels(this.alerts);
    if (channels.length === 0) return;
    const { evaluateAlerts } = await import("../alerts/evaluate-alerts.ts");
    await evaluateAlerts({
      database: await this.database(),
      views: await viewCatalog(),
      channels,
      conditions: alertOn,
      limits: { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate },
      log: this.#input.log,
    });
  }

  /**
   * Sends the webhook, if alerts are configured, that the database cannot be reached, or can be reached again.
   *
   * @returns false when it was not delivered
   */
  async sendDatabaseAlert(alert: {
    readonly news: "broken" | "recovered";
    readonly since: Date;
    readonly reason: string | undefined;
  }): Promise<boolean> {
    const { alertChannels } = await import("../alerts/alert-channels.ts");
    const channels = alertChannels(this.alerts);
    if (channels.length === 0 || this.settings.alertOn.length === 0) return true;
    const { sendDatabaseAlert } = await import("../alerts/database-alert.ts");
    const { location } = await this.database();
    return sendDatabaseAlert(alert, channels, location, this.#input.log);
  }

  /**
   * Loads the views and rolls each back, to report what a load would do. A plan that fails is an outcome, not an exception.
   *
   * @throws OtcError as `load` does
   */
  async plan(request: PlanRequest): Promise<readonly PlanOutcome[]> {
    const context = await this.#context(request, { records: false });
    const options =
      request.reportsMissing === true ? { ...context.options, ...REPORTING_MISSING } : context.options;
    return planViews(request.views, { ...context, options }, request.samples, request.onOutcome);
  }

  /**
   * Releases connections and locks; can be called more than once.
   *
   * @param shutdown may shorten how long that takes
   */
  close(shutdown = Shutdown.NONE): Promise<void> {
    this.#closing ??= this.#close(shutdown);
    return this.#closing;
  }

  #open(options: { readonly create: boolean }): Promise<Database> {
    this.#database ??= openDatabase(databaseSettings(this.settings), options).catch((error: unknown) => {
      // What could not be opened may be there later, for example after `migrate`.
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  /**
   * What the loads of a request work with. No request is sent to OTC yet.
   *
   * @param options `records`: whether the time zone is recorded, if none is
   */
  async #context(request: DocumentRequest, { records }: { readonly records: boolean }): Promise<LoadContext> {
    const { settings } = this;
    checkHistoryColumns(settings.historyColumns, await viewCatalog());
    const sources = new Map<View, LoadSource>();
    for (const view of request.views) sources.set(view, await this.#sourceOf(view, request));
    await timeZoneNamed(settings.timezone);
    const missingModes = new Map(request.views.map((view) => [view, this.#missingModeOf(view)]));
    const database = await this.migratedDatabase();
    const pinned = await pinTimeZone(database, {
      zone: settings.timezone,
      catalog: await viewCatalog(),
      records,
    });
    return {
      database,
      sourceOf: (view) => {
        const source = sources.get(view);
        if (source === undefined) throw new Error(`${view.name} is not among the views of the request.`);
        return source;
      },
      kind: request.kind ?? "load",
      archive: this.archive,
      options: {
        errorLimit: request.errorLimit,
        allowShrink: request.allowShrink,
        allowLate: request.allowLate ?? false,
        keepNewer: request.keepNewer ?? false,
        full: request.full ?? false,
        maxKnownRows: settings.maxKnownRows,
        maxStoredRejects: settings.maxStoredRejects,
        maxRecordBytes: settings.maxRecordBytes,
        maxDocumentBytes: settings.maxDocumentBytes,
        retry: {
          retries: settings.retries,
          baseMs: settings.retryBaseMs,
          maxWaitMs: settings.maxPaceWaitMs,
        },
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
        timeZone: await timeZoneNamed(pinned),
        missingModeOf: (view) => missingModes.get(view) ?? "ignore",
        looksForMissing: false,
        acceptMissing: request.acceptMissing ?? 0,
        historyColumns: settings.historyColumns,
      },
      observer: COMMITTING,
      log: this.#input.log,
      signal: request.signal,
      shutdown: Shutdown.of(request.signal),
      onProgress: request.onProgress,
      tracing: undefined,
    };
  }

  /** @throws OtcError `configuration` */
  #missingModeOf(view: View): MissingMode {
    const { env, flags } = this.#input;
    const own = readMissingSetting(env, flags, view.name);
    if (own === undefined) return view.missing?.mode ?? "ignore";
    const mode = MISSING_MODES.find((candidate) => candidate === own.text);
    if (mode !== undefined) return mode;
    throw new OtcError("configuration", `${own.setting} is ${JSON.stringify(own.text)}.`, {
      remedy: `It must be one of ${MISSING_MODES.join(", ")}.`,
    });
  }

  /** OpenTelemetry is imported only when traces are configured. If that fails, loads run without traces. */
  #openTracing(): Promise<Tracing | undefined> {
    this.#tracing ??= openTracing(this.#input);
    return this.#tracing;
  }

  async #close(shutdown: Shutdown): Promise<void> {
    await (await this.#tracing)?.close(shutdown);
    await this.#client?.close();
    // A database that could not be opened has nothing to release.
    const database = await this.#database?.catch(() => undefined);
    await database?.close(shutdown);
  }

  async #sourceOf(view: View, { file, sourceOf, views }: DocumentRequest): Promise<LoadSource> {
    if (sourceOf !== undefined) return sourceOf(view);
    if (file === undefined) return this.apiSource(view);
    if (views.length > 1) {
      throw new OtcError("usage", "A file contains the document of one view.", {
        remedy: "Name that view, for example `load tickets --from FILE`.",
      });
    }
    return checkedFileSource(file.path, file.stdin);
  }
}

async function openTracing({ tracing, log }: LoaderInput): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  try {
    const opener = await import("../tracing/open-tracing.ts");
    return opener.openTracing(tracing, log);
  } catch (error) {
    log.warn(`traces are disabled: ${errorMessage(error)}`);
    return undefined;
  }
}
