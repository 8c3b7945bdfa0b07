import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { withLoadOptions } from "../options/load-options.ts";
import type { ReplayFlags } from "../run/run-replay.ts";

/** `otc-etl replay`. */
export function replayCommand(context: CliContext): Command {
  const command = new Command("replay")
    .description(
      "Load archived documents again, without a request to OTC. An old document restores old values.",
    )
    .addArgument(
      new Argument(
        "[document]",
        "latest (the newest document of each view), the id of a run, or a file",
      ).default("latest"),
    )
    .option("--view <view>", "only this view; required for a file whose name does not show its view")
    .option("--all", "every document of the archive, oldest first", false)
    .option("--since <date>", "with --all: only documents from this day (UTC) on, such as 2026-11-01");
  withLoadOptions(command).action(async (document: string, flags: ReplayFlags, self: Command) => {
    const { runReplay } = await import("../run/run-replay.ts");
    process.exitCode = await runReplay(document, flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl replay", "load the newest archived document of each view again"],
    ["otc-etl replay latest --view tickets", "only tickets"],
    ["otc-etl replay 123", "the document that run 123 fetched"],
    ["otc-etl replay --all --since 2026-11-01 --view comments", "all of one view since then, oldest first"],
  ]);
}
