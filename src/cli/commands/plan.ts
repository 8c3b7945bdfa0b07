import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withDocumentOptions } from "../options/document-options.ts";
import { withExamples } from "../options/examples.ts";
import type { PlanFlags } from "../run/run-plan.ts";

/** `otc-etl plan`. */
export function planCommand(context: CliContext): Command {
  const command = withDocumentOptions(new Command("plan"))
    .description("Report what a load would do: run it, list the changes by column, and roll it back.")
    .option("--samples <count>", "how many changes per column, and how many duplicate keys, to show", "5")
    .action(async (views: readonly string[], flags: PlanFlags, self: Command) => {
      const { runPlan } = await import("../run/run-plan.ts");
      process.exitCode = await runPlan(views, flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl plan", "what would a load of all views do?"],
    ["otc-etl plan tickets comments", "what would a load of two views do?"],
    ["otc-etl plan tickets --from tickets.json.gz", "what would this document change?"],
    ["otc-etl plan tickets --samples 20", "show more changes"],
    ["otc-etl plan --json >plan.json; [ $? -eq 4 ]", "for scripts: 4 means that there is something to do"],
  ]);
}
