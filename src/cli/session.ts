import type { Command } from "commander";
import type { Logger } from "pino";
import { Loader } from "../loader/loader.ts";
import type { CliContext } from "./cli-context.ts";
import { type GlobalOptions, globalOptions } from "./options/global-options.ts";
import { createLogger } from "./logger.ts";
import { Shutdown } from "../shutdown/shutdown.ts";
import { warnOfUnknownVariables } from "./warn-of-unknown-variables.ts";
import { type Layout, layoutOf } from "./render/layout.ts";
import { createProgressLine, type ProgressLine } from "./render/progress-line.ts";

/** What a command that uses the database works with, until it returns. */
export interface Session {
  readonly options: GlobalOptions;
  readonly loader: Loader;
  readonly log: Logger;
  readonly progress: ProgressLine;
  /** Of what the command writes to stdout. */
  readonly layout: Layout;
}

/** Opens a session for `work`, and closes it when `work` returns or throws. */
export async function withSession<T>(
  command: Command,
  context: CliContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const options = globalOptions(command);
  const progress: ProgressLine = await createProgressLine(
    context,
    options,
    (text, { view, records, bytes }) => {
      log.info({ view, records, bytes }, text);
    },
  );
  const log = createLogger(context, options, progress);
  const { env, tracing } = context;
  await warnOfUnknownVariables(env, log);
  const loader = new Loader({ env, flags: options.flags, tracing, log });
  try {
    return await work({ options, loader, log, progress, layout: layoutOf(context, options) });
  } finally {
    progress.stop();
    await loader.close(Shutdown.of(context.signal));
  }
}
