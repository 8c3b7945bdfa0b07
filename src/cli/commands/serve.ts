import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { type ServeFlags, withServeOptions } from "../options/serve-options.ts";

/** `otc-etl serve`. */
export function serveCommand(context: CliContext): Command {
  const command = withServeOptions(
    new Command("serve").description(
      "Serve the status page: freshness, running loads, runs, quarantine. It only reads.",
    ),
  ).action(async (flags: ServeFlags, self: Command) => {
    const { runServe } = await import("../run/run-serve.ts");
    process.exitCode = await runServe(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl serve", "on http://127.0.0.1:8080, for this machine only"],
    [
      "OTC_WEB_TOKEN_FILE=/run/secrets/token otc-etl serve --host 0.0.0.0",
      "for other machines; readers need the token",
    ],
  ]);
}
