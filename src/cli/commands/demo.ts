import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { DemoFlags } from "../run/run-demo-history.ts";

/** `otc-etl demo`. */
export function demoCommand(context: CliContext): Command {
  const command = new Command("demo")
    .description("Run two nightly loads from a simulated OTC into the embedded database.")
    .option("--serve", "load ninety nights instead, and serve the status page", false)
    .option("--port <port>", "with --serve: port to listen on; 0 takes any free port", "8080")
    .action(async (flags: DemoFlags, self: Command) => {
      if (flags.serve) {
        const { runDemoHistory } = await import("../run/run-demo-history.ts");
        process.exitCode = await runDemoHistory(flags, self, context);
      } else {
        const { runDemo } = await import("../run/run-demo.ts");
        process.exitCode = await runDemo(self, context);
      }
    });
  return withExamples(command, [
    ["otc-etl demo", "needs no server and no settings, and takes less than a minute"],
    ["otc-etl demo --serve", "the status page, with ninety nights of loads"],
  ]);
}
