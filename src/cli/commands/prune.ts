import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { PruneFlags } from "../run/run-prune.ts";

/** `otc-etl prune`. */
export function pruneCommand(context: CliContext): Command {
  const command = new Command("prune")
    .description("Delete old runs, rejected records and requests, as OTC_KEEP_RUNS and OTC_KEEP_REJECTS say.")
    .option("--json", "one JSON object with the numbers of deleted rows on stdout", false)
    .action(async (flags: PruneFlags, self: Command) => {
      const { runPrune } = await import("../run/run-prune.ts");
      await runPrune(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl prune", "delete what is older than the settings say"],
    ["otc-etl prune --keep-rejects 30d", "keep rejected records for thirty days only"],
  ]);
}
