import { webDatabaseSettings } from "../config/database-settings.ts";
import { openDatabase } from "../database/open-database.ts";
import { readSchedules } from "../schedule/schedule.ts";
import { viewCatalog } from "../views/catalog.ts";
import type { CliContext } from "./cli-context.ts";
import type { ServeFlags } from "./options/serve-options.ts";
import { requireWholeNumber } from "./options/whole-number.ts";
import type { Session } from "./session.ts";

/**
 * Serves the status page while `work` runs. Its connections are apart from those of loads, with limits of their own and
 * perhaps another role. Only an embedded database that loads have open in this process is shared with them.
 *
 * @param isShared whether loads run in this process
 * @throws OtcError `configuration` when the page cannot or must not be served
 */
export async function withStatusPage<T>(
  { loader, log, options }: Session,
  { env, stdout }: CliContext,
  flags: ServeFlags,
  isShared: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { settings } = loader;
  const port = requireWholeNumber("--port", flags.port, 65_535);
  const schedules = readSchedules(await viewCatalog(), settings, env, options.flags);
  const { startServer } = await import("../web/start-server.ts");
  const usesLoaders = isShared && loader.embeddedDirectory !== undefined;
  const database = usesLoaders ? await loader.database() : await openDatabase(webDatabaseSettings(settings));
  try {
    const server = await startServer({ database, settings, schedules, log, host: flags.host, port });
    try {
      stdout.write(`Serving the status page on ${server.url}/; Ctrl-C ends it.\n`);
      return await work();
    } finally {
      await server.close();
    }
  } finally {
    if (!usesLoaders) await database.close();
  }
}
