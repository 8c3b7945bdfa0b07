import { once } from "node:events";
import type { Command } from "commander";
import { webDatabaseSettings } from "../../config/database-settings.ts";
import { openDatabase } from "../../database/open-database.ts";
import { readSchedules } from "../../schedule/schedule.ts";
import { viewCatalog } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { withSession } from "../session.ts";
import { requireWholeNumber } from "../options/whole-number.ts";

export interface ServeFlags {
  readonly host: string;
  readonly port: string;
}

/**
 * Serves until the process is told to stop.
 *
 * @returns the exit code: 0, because being stopped is its normal end
 */
export function runServe(flags: ServeFlags, command: Command, context: CliContext): Promise<number> {
  const { stdout, signal } = context;
  const port = requireWholeNumber("--port", flags.port, 65_535);
  return withSession(command, context, async ({ loader: { settings }, log, options }) => {
    const schedules = readSchedules(await viewCatalog(), settings, context.env, options.flags);
    const { startServer } = await import("../../web/start-server.ts");
    const database = await openDatabase(webDatabaseSettings(settings));
    try {
      const server = await startServer({ database, settings, schedules, log, host: flags.host, port });
      stdout.write(`Serving the status page on ${server.url}/; Ctrl-C ends it.\n`);
      try {
        if (!signal.aborted) await once(signal, "abort");
      } finally {
        await server.close();
      }
    } finally {
      await database.close();
    }
    return 0;
  });
}
