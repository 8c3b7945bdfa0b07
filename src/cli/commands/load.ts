import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../examples.ts";
import { type LoadOptionFlags, withLoadOptions } from "../load-options.ts";

interface LoadFlags extends LoadOptionFlags {
  readonly atomic: boolean;
  readonly from?: string;
  readonly ignoreCircuit: boolean;
  readonly migrate: boolean;
}

/** `otc-etl load`. */
export function loadCommand(context: CliContext): Command {
  const command = new Command("load")
    .description(
      "Make PostgreSQL equal to OTC: fetch views and load them, one transaction a view, all or nothing.",
    )
    .addArgument(new Argument("[view]", "tickets, comments, timesheets or all").default("all"))
    .option("--atomic", "all views in ONE transaction", false)
    .option(
      "--from <file>",
      "load a document from a file (plain, .gz or .zst; - for standard input) instead of the API",
    )
    .option("--ignore-circuit", "ask OTC although the last fetches failed", false)
    .option("--migrate", "bring the tables up to date first", false);
  withLoadOptions(command).action(async (view: string, flags: LoadFlags, self: Command) => {
    const { runLoad } = await import("../run-load.ts");
    process.exitCode = await runLoad(view, flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl load", "load all views from OTC"],
    ["otc-etl load tickets", "load one"],
    ["otc-etl load all --atomic", "all three or none"],
    ["otc-etl load comments --from comments.json.gz", "load a document from disk"],
    ["otc-etl load tickets --max-errors 0", "fail if any record cannot be loaded"],
  ]);
}

export type { LoadFlags };
