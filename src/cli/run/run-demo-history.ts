import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "commander";
import { openDemoDesk } from "../../demo/demo-desk.ts";
import { loadHistory } from "../../demo/load-history.ts";
import { newFieldSince } from "../../demo/nights.ts";
import { readSchedules } from "../../schedule/schedule.ts";
import type { CliContext } from "../cli-context.ts";
import { dataDirectory, globalOptions } from "../options/global-options.ts";
import { createLogger } from "../logger.ts";
import { createProgressLine } from "../render/progress-line.ts";
import { requireWholeNumber } from "../options/whole-number.ts";

export interface DemoFlags {
  readonly serve: boolean;
  readonly port: string;
}

/** In the directory of the embedded database. It is kept, unlike that of the two nights: the next call loads only the nights since then. */
const FOLDER = "demo-history";

/** Few records, so that ninety nights are loaded in half a minute, but enough for the charts. */
const SCALE = { tickets: 1095, comments: 300, timesheets: 1644 };

/** A line of progress is printed after this many nights. */
const NIGHTS_PER_LINE = 10;

/**
 * Serves the status page over a history of ninety nights, until the process is told to stop.
 *
 * @returns the exit code: 0, because being stopped is its normal end
 */
export async function runDemoHistory(
  flags: DemoFlags,
  command: Command,
  context: CliContext,
): Promise<number> {
  const { stdout, signal } = context;
  const port = requireWholeNumber("--port", flags.port, 65_535);
  const options = globalOptions(command);
  const progress = await createProgressLine(context, { ...options, quiet: true }, () => undefined);
  const log = createLogger(context, options, progress).child(
    {},
    { level: options.verbose ? "debug" : "fatal" },
  );
  const now = new Date();
  const directory = join(dataDirectory(context.env, options), FOLDER);
  const desk = await openDemoDesk({
    directory,
    scale: SCALE,
    newFieldSince: newFieldSince(now),
    corrections: true,
    log,
    signal,
    onProgress: () => undefined,
  });
  try {
    stdout.write(`Ninety nights of a simulated OTC, in the embedded database in ${directory} …\n`);
    const nights = await loadHistory(desk, now, signal, ({ done, nights }) => {
      if (done > 0 && done % NIGHTS_PER_LINE === 0)
        stdout.write(`  ${done} of ${nights} nights are loaded\n`);
    });
    stdout.write(
      nights === 0
        ? "All nights are loaded already; delete that directory to start again.\n"
        : `${nights} nights are loaded and kept for the next time.\n`,
    );
    const { startServer } = await import("../../web/start-server.ts");
    const { settings } = desk.loader;
    const database = await desk.loader.database();
    const schedules = readSchedules(desk.views, settings, {}, {});
    const server = await startServer({ database, settings, schedules, log, host: "127.0.0.1", port });
    stdout.write(`\nThe status page: ${server.url}/\nCtrl-C ends it.\n`);
    try {
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await server.close();
    }
    return 0;
  } finally {
    await desk.close();
  }
}
