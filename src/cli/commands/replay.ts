import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { withLoadOptions } from "../options/load-options.ts";
import type { ReplayFlags } from "../run/run-replay.ts";

/** `otc-etl replay`. */
export function replayCommand(context: CliContext): Command {
  const command = new Command("replay")
    .description("Load archived documents again, without asking OTC; an old one writes its old values back.")
    .addArgument(
      new Argument(
        "[document]",
        "latest (the newest of each view that has one), the number of a run, or a file",
      ).default("latest"),
    )
    .option("--view <view>", "only this view; what a file holds, where its name does not tell")
    .option("--all", "every document of the archive, in the order of their time", false)
    .option("--since <date>", "with --all: only those of that day (UTC) and later, as 2026-11-01");
  withLoadOptions(command).action(async (document: string, flags: ReplayFlags, self: Command) => {
    const { runReplay } = await import("../run/run-replay.ts");
    process.exitCode = await runReplay(document, flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl replay", "make each table equal to the newest document archived of it"],
    ["otc-etl replay latest --view tickets", "only tickets"],
    ["otc-etl replay 123", "the document that run 123 has fetched"],
    ["otc-etl replay --all --since 2026-11-01 --view comments", "one after the other"],
  ]);
}
