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

/** The database that is configured: a server as soon as one is named in any way, otherwise the embedded one. */
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

/** The driver lets a URL's sslmode win over its option; ours is the one that was set on purpose. */
function withoutSslmode(url: URL, tls: ConnectionOptions | false | undefined): string {
  if (tls !== undefined) url.searchParams.delete("sslmode");
  return url.href;
}

/** A page that has to wait longer for a connection is not made, in milliseconds. */
const WEB_CONNECT_MS = 3000;

/** The same database for readers of the pages: by a role of their own where there is one. */
export function webDatabaseSettings(settings: Settings) {
  const { webDatabaseUrl, connectTimeoutMs } = settings;
  return databaseSettings({
    ...settings,
    connectTimeoutMs: Math.min(connectTimeoutMs, WEB_CONNECT_MS),
    // The password of the role that loads is none of its business.
    ...(webDatabaseUrl === undefined ? {} : { databaseUrl: webDatabaseUrl, pgPassword: undefined }),
  });
}
