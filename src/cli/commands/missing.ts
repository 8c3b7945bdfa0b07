import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { MISSING_ACTIONS } from "../../runs/queries/read-missing.ts";
import { offering } from "../options/offering.ts";
import { withExamples } from "../options/examples.ts";
import type { ListMissingFlags, MissingFlags } from "../run/run-missing.ts";

/** `otc-etl missing`. */
export function missingCommand(context: CliContext): Command {
  const command = new Command("missing")
    .description("List, show or restore rows that OTC no longer sends.")
    .addCommand(listCommand(context), { isDefault: true })
    .addCommand(showCommand(context))
    .addCommand(restoreCommand(context));
  return withExamples(command, [
    ["otc-etl missing list", "how many are there, and what was done with them?"],
    ["otc-etl missing show 17", "one of them, with its values"],
    ["otc-etl missing restore 17", "put it back into its table"],
  ]);
}

function listCommand(context: CliContext): Command {
  const command = new Command("list")
    .description("Count the missing rows by view, and list the newest.")
    .option("--view <view>", "only rows of this view")
    .addOption(offering("--action <action>", "only rows with which this was done", MISSING_ACTIONS))
    .option("--limit <count>", "how many rows to list", "20")
    .option(
      "--since-archive",
      "instead of what loads have found: rows that the newest archived document should contain and does not",
      false,
    )
    .option("--json", "one JSON object per row on stdout, without the counts", false)
    .action(async (flags: ListMissingFlags, self: Command) => {
      const { listMissing } = await import("../run/run-missing.ts");
      await listMissing(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl missing list", "all views"],
    ["otc-etl missing list --view timesheets --action archived", "of one view, those in its archive"],
    ["otc-etl missing list --since-archive", "what have earlier loads left behind?"],
    ["otc-etl missing list --limit 100000 --json", "for scripts"],
  ]);
}

function showCommand(context: CliContext): Command {
  const command = new Command("show")
    .description("Show a missing row with its values.")
    .addArgument(new Argument("<id>", "its id in `missing list`"))
    .option("--json", "one JSON object on stdout", false)
    .action(async (id: string, flags: MissingFlags, self: Command) => {
      const { showMissingRow } = await import("../run/run-missing.ts");
      await showMissingRow(id, flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl missing show 17", "what was in the row, and when it went missing"],
  ]);
}

function restoreCommand(context: CliContext): Command {
  const command = new Command("restore")
    .description(
      "Put missing rows back into their tables. No load removes them again until OTC has sent them.",
    )
    .addArgument(new Argument("<id...>", "their ids in `missing list`"))
    .option("--json", "one JSON object per row on stdout", false)
    .action(async (ids: readonly string[], flags: MissingFlags, self: Command) => {
      const { restoreMissingRows } = await import("../run/run-missing.ts");
      await restoreMissingRows(ids, flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl missing restore 17 18", "two rows that OTC has lost and you need"],
  ]);
}
