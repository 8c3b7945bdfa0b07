import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../examples.ts";

/** `otc-etl demo`. */
export function demoCommand(context: CliContext): Command {
  const command = new Command("demo")
    .description("See the main job done: two nightly loads from a simulated OTC into the embedded database.")
    .action(async (_flags: unknown, self: Command) => {
      const { runDemo } = await import("../run-demo.ts");
      process.exitCode = await runDemo(self, context);
    });
  return withExamples(command, [["otc-etl demo", "no server, no settings; under a minute"]]);
}
