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
import { isLoopback } from "./access/loopback.ts";
import { buildApplication } from "./application.ts";
import { Assets } from "./page/assets.ts";

/** What the pages are served from, and where. */
export interface ServerOptions {
  /** Only read, in transactions of its own. It stays open when the server is closed. */
  readonly database: Database;
  readonly settings: Settings;
  readonly log: Logger;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

export interface WebServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Stops listening; what is being answered has a moment to end. */
  close(): Promise<void>;
}

/** An answer that takes longer than this, in milliseconds, is cut off when the server stops. */
const GOODBYE_MS = 2000;

/**
 * Serves the status pages. It does not care whose the database is: a process that loads may lend its own.
 *
 * @throws OtcError `configuration` when others could read the pages without a token, or the port cannot be had
 */
export async function startServer({
  database,
  settings,
  log,
  host,
  port,
}: ServerOptions): Promise<WebServer> {
  if (settings.webToken === undefined && !(await isLoopback(host))) {
    throw new OtcError(
      "configuration",
      `On ${host} everybody could read the pages: OTC_WEB_TOKEN is not set.`,
      {
        remedy:
          "Set OTC_WEB_TOKEN (`openssl rand -hex 24` makes one), or serve on 127.0.0.1 and let a proxy ask who it is.",
      },
    );
  }
  const [views, assets] = await Promise.all([viewCatalog(), Assets.read()]);
  const app = buildApplication({ database, settings, views, assets, log });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host }) as Server;
  server.listen(port, host);
  await once(server, "listening").catch((error: unknown) => {
    throw new OtcError("configuration", `Cannot listen on ${host}:${port}: ${errorMessage(error)}.`, {
      remedy: "Give another --port (0 takes any that is free) or --host.",
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
    // The only error there can be says that it is closed already.
    server.close(() => {
      resolve();
    });
  });
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, GOODBYE_MS);
  await closed;
  clearTimeout(cut);
}
