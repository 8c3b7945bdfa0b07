import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import type { Database } from "../database/database.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { viewCatalog } from "../views/catalog.ts";
import { isLoopback } from "../config/loopback.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { buildApplication } from "./application.ts";
import { Assets } from "./page/assets.ts";

/** What the pages are read from, and where they are served. */
export interface ServerOptions {
  /** The database is only read, in separate transactions. It stays open when the server is closed. */
  readonly database: Database;
  readonly settings: Settings;
  /** The schedules of the views, for their next loads and missed nights; default: none. */
  readonly schedules?: readonly Schedule[];
  readonly log: Logger;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface WebServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Stops listening; answers under way have two seconds to end. */
  close(): Promise<void>;
}

/** How long an answer under way may continue when the server stops, in milliseconds. */
const CLOSE_GRACE_MS = 2000;

/**
 * Serves the status pages. The database may be shared with the loads of the same process.
 *
 * @throws OtcError `configuration` when other machines could read the pages without a token, or the port is not available
 */
export async function startServer({
  database,
  settings,
  schedules = [],
  log,
  host,
  port,
}: ServerOptions): Promise<WebServer> {
  if (settings.webToken === undefined && !(await isLoopback(host))) {
    throw new OtcError(
      "configuration",
      `Everybody could read the pages on ${host}, because OTC_WEB_TOKEN is not set.`,
      {
        remedy:
          "Set OTC_WEB_TOKEN (`openssl rand -hex 24` makes one), or serve on 127.0.0.1 behind a proxy that authenticates.",
      },
    );
  }
  const [views, assets] = await Promise.all([viewCatalog(), Assets.read()]);
  const app = buildApplication({ database, settings, schedules, views, assets, log });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host }) as Server;
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    throw new OtcError("configuration", `Cannot listen on ${host}:${port}: ${errorMessage(error)}.`, {
      remedy: "Give another --port (0 takes any free port) or --host.",
      cause: error,
    });
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () => closeServer(server),
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    // The only possible error is that the server is closed already.
    server.close(() => {
      resolve();
    });
  });
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  await closed;
  clearTimeout(cut);
}
