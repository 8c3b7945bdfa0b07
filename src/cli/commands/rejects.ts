import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { withWaitOptions } from "../options/load-options.ts";
import type { ClearFlags, ListFlags, RetryFlags, ShowFlags } from "../run/run-rejects.ts";

/** `otc-etl rejects`. */
export function rejectsCommand(context: CliContext): Command {
  const command = new Command("rejects")
    .description("List, show, retry or clear the records in quarantine.")
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(clearCommand(context));
  return withExamples(command, [
    ["otc-etl rejects list", "how many are there, and why?"],
    ["otc-etl rejects show 17", "one of them, with the record as it came"],
    ["otc-etl rejects retry", "load them again"],
    ["otc-etl rejects clear --run 123", "forget those of one run"],
  ]);
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("Count the records in quarantine by view and reason, and list the newest.")
    .option("--limit <count>", "how many to list", "20")
    .option("--json", "one JSON object a record on stdout, without the counts", false);
  withFilter(command).action(async (flags: ListFlags, self: Command) => {
    const { listRejects } = await import("../run/run-rejects.ts");
    await listRejects(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects list", "all views"],
    ["otc-etl rejects list --view tickets --reason invalid_timestamp", "of one view, for one reason"],
    ["otc-etl rejects list --run 123 --limit 1000 --json", "for scripts"],
  ]);
}

function showCommand(context: CliContext): Command {
  const command = new Command("show")
    .description("Show all that is known of a record in quarantine, and the record itself.")
    .addArgument(new Argument("<id>", "its number in `rejects list`"))
    .option("--json", "as one JSON object, the record as the text it came as", false)
    .action(async (id: string, flags: ShowFlags, self: Command) => {
      const { showReject } = await import("../run/run-rejects.ts");
      await showReject(id, flags, self, context);
    });
  return withExamples(command, [["otc-etl rejects show 17", "why, and what it looks like"]]);
}

function retryCommand(context: CliContext): Command {
  const command = new Command("retry").description(
    "Load records in quarantine again; those that go in leave it. A row that is newer is not overwritten.",
  );
  withWaitOptions(withFilter(command)).action(async (flags: RetryFlags, self: Command) => {
    const { retryQuarantine } = await import("../run/run-rejects.ts");
    process.exitCode = await retryQuarantine(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects retry", "all of them, a run for each view"],
    ["otc-etl rejects retry --reason refused_by_database", "when the constraint is gone"],
  ]);
}

function clearCommand(context: CliContext): Command {
  const command = new Command("clear")
    .description("Remove records from quarantine for good, without asking.")
    .option("--all", "every record; needed where nothing else says which", false)
    .option("--json", "how many, as a JSON object", false);
  withFilter(command).action(async (flags: ClearFlags, self: Command) => {
    const { clearQuarantine } = await import("../run/run-rejects.ts");
    await clearQuarantine(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects clear --view comments --reason missing_key", "of one view, for one reason"],
    ["otc-etl rejects clear --all", "everything"],
  ]);
}

function withFilter(command: Command): Command {
  return command
    .option("--run <id>", "only those of this run")
    .option("--view <view>", "only those of this view")
    .option("--reason <reason>", "only those with this reason code, as invalid_timestamp");
}
