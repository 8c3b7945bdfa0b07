import { once } from "node:events";
import type { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import type { ServeFlags } from "../options/serve-options.ts";
import { withSession } from "../session.ts";
import { withStatusPage } from "../status-page.ts";

/**
 * Serves until the process is told to stop.
 *
 * @returns the exit code: 0, because being stopped is its normal end
 */
export function runServe(flags: ServeFlags, command: Command, context: CliContext): Promise<number> {
  const { signal } = context;
  return withSession(command, context, (session) =>
    withStatusPage(session, context, flags, false, async () => {
      if (!signal.aborted) await once(signal, "abort");
      return 0;
    }),
  );
}
