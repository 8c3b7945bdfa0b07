import type { Settings } from "./settings.ts";

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
  if (settings.databaseUrl !== undefined) {
    const url = new URL(settings.databaseUrl);
    if (url.password === "" && pgPassword !== undefined) url.password = encodeURIComponent(pgPassword);
    return { engine: "postgres" as const, connection: { connectionString: url.href }, schema, limits };
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
  };
  return { engine: "postgres" as const, connection, schema, limits };
}
