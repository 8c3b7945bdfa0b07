import { Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { StatusFlags } from "../run/run-status.ts";

/** `otc-etl status`. */
export function statusCommand(context: CliContext): Command {
  const command = new Command("status")
    .description("Show how fresh each view is, what its table holds, and the last runs.")
    .option("--runs <count>", "how many runs to show per view", "5")
    .option(
      "--check",
      "exit with 1, and say why, when something is wrong (--max-age, --max-rollback-rate): for cron, Nagios, Kubernetes",
      false,
    )
    .option("--json", "one JSON object per view on stdout", false)
    .addOption(
      new Option("--prometheus", "the metrics on stdout, for node_exporter's textfile collector")
        .default(false)
        .conflicts(["check", "json", "runs"]),
    )
    .action(async (flags: StatusFlags, self: Command) => {
      const { runStatus } = await import("../run/run-status.ts");
      process.exitCode = await runStatus(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl status", "how fresh is the data, and how did the last loads go?"],
    ["otc-etl status --runs 30", "with the last 30 runs of each view"],
    ["otc-etl status --check --max-age 30h", "exit 1 when a view is older, failed, or rolls back too often"],
    ["otc-etl status --json | jq .ageSeconds", "for scripts"],
    ["otc-etl status --prometheus >otc_etl.prom", "for Prometheus, without a server"],
  ]);
}
