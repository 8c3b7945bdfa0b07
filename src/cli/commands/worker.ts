import { Argument, Command, Option } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { withErrorLimit } from "../options/load-options.ts";
import { withServeOptions } from "../options/serve-options.ts";
import type { WorkerFlags } from "../run/run-worker.ts";

/** `otc-etl worker`. */
export function workerCommand(context: CliContext): Command {
  const command = new Command("worker")
    .description("Load the views by their schedules until stopped. Several workers may run at the same time.")
    .addArgument(new Argument("[view...]", "tickets, comments, timesheets or all (default: all)"))
    .option("--once", "load the views that are due, then exit", false)
    .option("--list", "only show the schedules, the loads that are due, and those that were given up", false)
    .addOption(
      new Option("--serve", "also serve the status page, on --host and --port")
        .default(false)
        .conflicts(["once", "list"]),
    )
    .option("--migrate", "bring the tables up to date first", false)
    .option("--alive-file <path>", "touch this file every ten seconds, for a liveness probe");
  withErrorLimit(withServeOptions(command)).action(
    async (views: readonly string[], flags: WorkerFlags, self: Command) => {
      const { runWorker } = await import("../run/run-worker.ts");
      process.exitCode = await runWorker(views, flags, self, context);
    },
  );
  return withExamples(command, [
    ["otc-etl worker", "load every night at 02:00 (OTC_SCHEDULE)"],
    [
      "otc-etl worker --schedule '30 1 * * 1-5' --schedule-timezone Europe/Vienna",
      "on working days at 01:30",
    ],
    ["otc-etl worker --view-schedule 'comments=0 * * * *'", "comments every hour"],
    ["otc-etl worker --serve", "with the status page in the same process, as the embedded database needs it"],
    ["otc-etl worker --once", "load what is due, for a timer that runs it every ten minutes"],
    ["otc-etl worker --list", "when is each view loaded next, and which loads were given up?"],
  ]);
}
