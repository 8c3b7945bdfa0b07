import type { ConnectionOptions } from "node:tls";
import type { Settings } from "./settings.ts";
import { tlsSettings } from "./tls-settings.ts";

/** Time limits that every engine takes; in milliseconds. */
function timeLimits(settings: Settings) {
  return {
    connectMs: settings.connectTimeoutMs,
    lockMs: settings.lockTimeoutMs,
    statementMs: settings.statementTimeoutMs,
    idleMs: settings.idleTimeoutMs,
  };
}

/** The configured database: a server when any setting names one, otherwise the embedded database. */
export function databaseSettings(settings: Settings) {
  const { pgHost, pgPort, pgDatabase, pgUser, pgPassword, pgSchema: schema } = settings;
  const limits = timeLimits(settings);
  const tls = tlsSettings(settings);
  if (settings.databaseUrl !== undefined) {
    const url = new URL(settings.databaseUrl);
    if (url.password === "" && pgPassword !== undefined) url.password = encodeURIComponent(pgPassword);
    const connection = {
      connectionString: withoutSslmode(url, tls),
      ...(tls === undefined ? {} : { ssl: tls }),
    };
    return { engine: "postgres" as const, connection, schema, limits };
  }
  const parts = [pgHost, pgPort, pgDatabase, pgUser, pgPassword];
  if (parts.every((part) => part === undefined)) {
    return { engine: "embedded" as const, dataDir: settings.dataDir, schema, limits };
  }
  const connection = {
    host: pgHost ?? "localhost",
    port: pgPort ?? 5432,
    database: pgDatabase ?? "servicedesk",
    ...(pgUser === undefined ? {} : { user: pgUser }),
    ...(pgPassword === undefined ? {} : { password: pgPassword }),
    ...(tls === undefined ? {} : { ssl: tls }),
  };
  return { engine: "postgres" as const, connection, schema, limits };
}

/** The host of the configured server; undefined for the embedded database and for a socket of this machine. */
export function databaseHost(settings: Settings): string | undefined {
  const { engine, ...rest } = databaseSettings(settings);
  if (engine === "embedded" || !("connection" in rest)) return undefined;
  const { connection } = rest;
  const host =
    "connectionString" in connection ? socketOrHost(new URL(connection.connectionString)) : connection.host;
  return host === "" || host.startsWith("/") ? undefined : host;
}

/** The driver takes the parameter `host` of a URL, often the folder of a socket, before its host. */
function socketOrHost(url: URL): string {
  return url.searchParams.get("host") ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
}

/** Removes the URL's sslmode when TLS is configured, because the driver would prefer it to our option. */
function withoutSslmode(url: URL, tls: ConnectionOptions | false | undefined): string {
  if (tls !== undefined) url.searchParams.delete("sslmode");
  return url.href;
}

/** Time limit for a connection of the status page, in milliseconds; then the page shows an error. */
const WEB_CONNECT_MS = 3000;

/**
 * Time limit for a statement of the status page, in milliseconds, and for the answer of a server that should have
 * cancelled it. After both, the connection is closed: a few that are silent would otherwise block all pages.
 */
const WEB_STATEMENT_MS = 5000;
const WEB_ANSWER_GRACE_MS = 1000;

/** The same database for the status page, with its own role if one is configured. */
export function webDatabaseSettings(settings: Settings) {
  const { webDatabaseUrl, connectTimeoutMs } = settings;
  const database = databaseSettings({
    ...settings,
    statementTimeoutMs: WEB_STATEMENT_MS,
    connectTimeoutMs: Math.min(connectTimeoutMs, WEB_CONNECT_MS),
    // The password belongs to the role that loads, so it is not sent for the page's role.
    ...(webDatabaseUrl === undefined ? {} : { databaseUrl: webDatabaseUrl, pgPassword: undefined }),
  });
  return { ...database, answerGraceMs: WEB_ANSWER_GRACE_MS };
}
