import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { REJECT_REASONS } from "../../views/reject-reasons.ts";
import { offering } from "../options/offering.ts";
import { withExamples } from "../options/examples.ts";
import { withWaitOptions } from "../options/load-options.ts";
import type { ClearFlags, ListFlags, RetryFlags, ShowFlags } from "../run/run-rejects.ts";

/** `otc-etl rejects`. */
export function rejectsCommand(context: CliContext): Command {
  const command = new Command("rejects")
    .description("List, show, reload or clear rejected records.")
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(clearCommand(context));
  return withExamples(command, [
    ["otc-etl rejects list", "how many are there, and why?"],
    ["otc-etl rejects show 17", "one of them, with the record as it was received"],
    ["otc-etl rejects retry", "try to load them again"],
    ["otc-etl rejects clear --run 123", "remove those of one run"],
  ]);
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("Count the rejected records by view and reason, and list the newest.")
    .option("--limit <count>", "how many records to list", "20")
    .option("--group", "only the number of records per reason and field, each with a sample value", false)
    .option(
      "--json",
      "one JSON object per record on stdout, without the counts; with --group, one per group",
      false,
    );
  withFilter(command).action(async (flags: ListFlags, self: Command) => {
    const { listRejects } = await import("../run/run-rejects.ts");
    await listRejects(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects list", "all views"],
    ["otc-etl rejects list --group", "what is wrong, with a value of each kind"],
    ["otc-etl rejects list --view tickets --reason invalid_timestamp", "of one view, for one reason"],
    ["otc-etl rejects list --run 123 --limit 1000 --json", "for scripts"],
  ]);
}

function showCommand(context: CliContext): Command {
  const command = new Command("show")
    .description("Show a rejected record, and why it was rejected.")
    .addArgument(new Argument("<id>", "its id in `rejects list`"))
    .option("--json", "one JSON object on stdout, with the record as the text that was received", false)
    .action(async (id: string, flags: ShowFlags, self: Command) => {
      const { showReject } = await import("../run/run-rejects.ts");
      await showReject(id, flags, self, context);
    });
  return withExamples(command, [["otc-etl rejects show 17", "why, and what it looks like"]]);
}

function retryCommand(context: CliContext): Command {
  const command = new Command("retry").description(
    "Load rejected records again. Those that are loaded leave the quarantine; a newer row is not overwritten.",
  );
  withWaitOptions(withFilter(command)).action(async (flags: RetryFlags, self: Command) => {
    const { retryQuarantine } = await import("../run/run-rejects.ts");
    process.exitCode = await retryQuarantine(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects retry", "all of them, one run per view"],
    ["otc-etl rejects retry --reason refused_by_database", "after the constraint was dropped"],
  ]);
}

function clearCommand(context: CliContext): Command {
  const command = new Command("clear")
    .description("Remove rejected records permanently, without asking for confirmation.")
    .option("--all", "every record; required when no other option selects records", false)
    .option("--json", "the number of removed records, as a JSON object", false);
  withFilter(command).action(async (flags: ClearFlags, self: Command) => {
    const { clearQuarantine } = await import("../run/run-rejects.ts");
    await clearQuarantine(flags, self, context);
  });
  return withExamples(command, [
    ["otc-etl rejects clear --view comments --reason missing_key", "of one view, for one reason"],
    ["otc-etl rejects clear --all", "every record"],
  ]);
}

function withFilter(command: Command): Command {
  return command
    .option("--run <id>", "only records that this run has rejected, first or again")
    .option("--view <view>", "only records of this view")
    .addOption(offering("--reason <reason>", "only records with this reason code", REJECT_REASONS))
    .option("--field <field>", "only records with a bad value in this field, such as TKT-Due Date");
}
