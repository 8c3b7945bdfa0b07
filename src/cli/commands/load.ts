import { Argument, Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../examples.ts";

interface LoadFlags {
  readonly atomic: boolean;
  readonly from?: string;
  readonly maxErrors?: string;
  readonly allowShrink: boolean;
  readonly ignoreCircuit: boolean;
  readonly wait?: string;
  readonly timeout?: string;
  readonly migrate: boolean;
  readonly json: boolean;
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
    .addOption(
      new Option(
        "--max-errors <limit>",
        "most records in quarantine, as 50 or 2% (default: the larger of 100 and 1%)",
      ),
    )
    .option("--allow-shrink", "accept a document with fewer than half of the last load's records", false)
    .option(
      "--wait <duration>",
      "wait for another load of the view to end, as 30s or 10m (default: do not wait)",
    )
    .option("--timeout <duration>", "time for each load, as 2h (default: OTC_LOAD_TIMEOUT_MS)")
    .option("--ignore-circuit", "ask OTC although the last fetches failed", false)
    .option("--migrate", "bring the tables up to date first", false)
    .option("--json", "one JSON object a view on stdout", false)
    .action(async (view: string, flags: LoadFlags, self: Command) => {
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
