import { request } from "node:http";
import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { webDatabaseSettings } from "../../src/config/database-settings.ts";
import { type Environment, readSettings } from "../../src/config/read-settings.ts";
import type { Database } from "../../src/database/database.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { readSchedules } from "../../src/schedule/schedule.ts";
import { viewCatalog } from "../../src/views/catalog.ts";
import { startServer } from "../../src/web/start-server.ts";

/** An answer of the server, as it came. */
interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request; GET without headers of its own when left out. */
interface Asked {
  readonly method?: string;
  /** `host` too, which `fetch` would not send. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServedSite {
  readonly url: string;
  ask(path: string, asked?: Asked): Promise<Answer>;
}

/** Serves the pages as `otc-etl serve` does, in this process, until the test ends. */
export async function serve(
  env: Environment,
  { database, log = pino({ level: "silent" }) }: { readonly database?: Database; readonly log?: Logger } = {},
): Promise<ServedSite> {
  const settings = readSettings(env);
  const own = database ?? (await openDatabase(webDatabaseSettings(settings)));
  const schedules = readSchedules(await viewCatalog(), settings, env, {});
  const server = await startServer({ database: own, settings, schedules, log, host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await server.close();
    if (database === undefined) await own.close();
  });
  return { url: server.url, ask: (path, asked) => ask(server.url + path, asked) };
}

function ask(url: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    })
      .on("error", reject)
      .end(body);
  });
}
