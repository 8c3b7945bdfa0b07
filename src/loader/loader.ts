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
import { requireMigrated } from "../database/migrations/migrations.ts";
import { openDatabase } from "../database/open-database.ts";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";
import { Shutdown } from "../shutdown/shutdown.ts";
import type { ApiClient } from "../source/api-client.ts";
import type { DocumentSource } from "../source/document-source.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { MISSING_MODES, type MissingMode, type View } from "../views/view.ts";

/** What a loader is created from. */
export interface LoaderInput {
  readonly env: Environment;
  /** Flags by name without dashes; they take precedence over the environment. */
  readonly flags: Environment;
  /** Whether and where to send spans; none when left out. */
  readonly tracing?: TracingSettings | undefined;
  readonly log: Logger;
  /** Opens the database. Default: `openDatabase`. */
  readonly openDatabase?: typeof openDatabase;
}

/**
 * What the use cases of this folder work with: the settings, and the database, the API, the archive and the traces that
 * they configure. Each is opened at its first use.
 */
export class Loader {
  readonly settings: Settings;
  /** Where alerts are sent. */
  readonly alerts: AlertSettings;
  readonly log: Logger;
  readonly #input: LoaderInput;
  #database: Promise<Database> | undefined;
  #client: ApiClient | undefined;
  #tracing: Promise<Tracing | undefined> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws OtcError `configuration` */
  constructor(input: LoaderInput) {
    this.#input = input;
    this.log = input.log;
    this.settings = readSettings(input.env, input.flags);
    // A mistake in them fails the start, and not an alert in the night.
    this.alerts = alertSettings(this.settings, input.env);
  }

  /**
   * The database, opened once.
   *
   * @param options `create`: whether an embedded database is created if there is none, which only `migrate` does
   * @throws OtcError `migration` when there is no embedded database, and none is to be created
   */
  database(options = { create: false }): Promise<Database> {
    const open = this.#input.openDatabase ?? openDatabase;
    this.#database ??= open(databaseSettings(this.settings), options).catch((error: unknown) => {
      // What could not be opened may be there later, for example after `migrate`.
      this.#database = undefined;
      throw error;
    });
    return this.#database;
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

  /**
   * What is done about rows that the documents of the view should contain and do not.
   *
   * @throws OtcError `configuration`
   */
  missingModeOf(view: View): MissingMode {
    const { env, flags } = this.#input;
    const own = readMissingSetting(env, flags, view.name);
    if (own === undefined) return view.missing?.mode ?? "ignore";
    const mode = MISSING_MODES.find((candidate) => candidate === own.text);
    if (mode !== undefined) return mode;
    throw new OtcError("configuration", `${own.setting} is ${JSON.stringify(own.text)}.`, {
      remedy: `It must be one of ${MISSING_MODES.join(", ")}.`,
    });
  }

  /** Where spans are sent. OpenTelemetry is imported only when traces are configured; if that fails, there are none. */
  tracing(): Promise<Tracing | undefined> {
    this.#tracing ??= openTracing(this.#input);
    return this.#tracing;
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

  async #close(shutdown: Shutdown): Promise<void> {
    await (await this.#tracing)?.close(shutdown);
    await this.#client?.close();
    // A database that could not be opened has nothing to release.
    const database = await this.#database?.catch(() => undefined);
    await database?.close(shutdown);
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
