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

/** Removes the URL's sslmode when TLS is configured, because the driver would prefer it to our option. */
function withoutSslmode(url: URL, tls: ConnectionOptions | false | undefined): string {
  if (tls !== undefined) url.searchParams.delete("sslmode");
  return url.href;
}

/** Time limit for a connection of the status page, in milliseconds; then the page shows an error. */
const WEB_CONNECT_MS = 3000;

/** The same database for the status page, with its own role if one is configured. */
export function webDatabaseSettings(settings: Settings) {
  const { webDatabaseUrl, connectTimeoutMs } = settings;
  return databaseSettings({
    ...settings,
    connectTimeoutMs: Math.min(connectTimeoutMs, WEB_CONNECT_MS),
    // The password belongs to the role that loads, so it is not sent for the page's role.
    ...(webDatabaseUrl === undefined ? {} : { databaseUrl: webDatabaseUrl, pgPassword: undefined }),
  });
}
