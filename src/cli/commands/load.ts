import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withDocumentOptions } from "../options/document-options.ts";
import { withExamples } from "../options/examples.ts";
import type { LoadFlags } from "../run/run-load.ts";

/** `otc-etl load`. */
export function loadCommand(context: CliContext): Command {
  const command = withDocumentOptions(new Command("load"))
    .description(
      "Make PostgreSQL equal to OTC: fetch views and load them, one transaction per view, all or nothing.",
    )
    .option("--atomic", "all views in ONE transaction", false)
    .option("--full", "compare every record with its row, also those that have not changed", false)
    .option("--migrate", "bring the tables up to date first", false)
    .action(async (views: readonly string[], flags: LoadFlags, self: Command) => {
      const { runLoad } = await import("../run/run-load.ts");
      process.exitCode = await runLoad(views, flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl load", "load all views from OTC"],
    ["otc-etl load tickets", "load one view"],
    ["otc-etl load all --atomic", "all three or none"],
    ["otc-etl load comments --from comments.json.gz", "load a document from disk"],
    ["otc-etl load tickets --max-errors 0", "fail if any record cannot be loaded"],
  ]);
}
