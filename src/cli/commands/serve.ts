import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { ServeFlags } from "../run/run-serve.ts";

/** `otc-etl serve`. */
export function serveCommand(context: CliContext): Command {
  const command = new Command("serve")
    .description("Serve the status page: freshness, running loads, runs, quarantine. It only reads.")
    .option(
      "--host <host>",
      "address to listen on; any but a loopback address requires OTC_WEB_TOKEN",
      "127.0.0.1",
    )
    .option("--port <port>", "port to listen on; 0 takes any free port", "8080")
    .action(async (flags: ServeFlags, self: Command) => {
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
