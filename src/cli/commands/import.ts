import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { FILE_FORMATS } from "../../import/file-format.ts";
import { offering } from "../options/offering.ts";
import { withExamples } from "../options/examples.ts";
import { withErrorLimit } from "../options/load-options.ts";
import type { ImportFlags } from "../run/run-import.ts";

/** `otc-etl import`. */
export function importCommand(context: CliContext): Command {
  const command = new Command("import")
    .description("Load an exported file (.xlsx, .csv, .json, .ndjson) into a view, exactly as a load would.")
    .argument("<file>", "the file, plain or as .gz or .zst; - for standard input")
    .requiredOption("--view <view>", "tickets, comments or timesheets")
    .addOption(offering("--format <format>", "the format of the file (default: by its name)", FILE_FORMATS))
    .option("--sheet <sheet>", "name or number of the sheet in a workbook (default: the first visible sheet)")
    .option("--delimiter <character>", "the delimiter of a CSV file (default: detected in its header)")
    .option(
      "--map <column=field>",
      "load a column of the file as this field of the view; can be repeated",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option("--map-file <path>", "a JSON object of such mappings, from columns to fields; --map overrides it")
    .option(
      "--suggest",
      "load nothing, and print a mapping for --map-file that is guessed from names and values",
      false,
    )
    .option("--key-from-digits", "take the number in the key column as the key: INC0010001 is 10001", false)
    .option("--generate-key", "make a key for each record, because the file has none", false)
    .option(
      "--key-column <column>",
      "with --generate-key: make it of this column only; can be repeated (default: all columns)",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option("--dry-run", "only report what it would do, as plan does for a load", false)
    .option(
      "--rejects-file <path>",
      "with --dry-run: write the records that it would reject to a new file, one JSON object per line",
    )
    .option("--samples <count>", "with --dry-run: how many changes per column to show", "5")
    .option("--migrate", "bring the tables up to date first", false)
    .action(async (file: string, flags: ImportFlags, self: Command) => {
      const { runImport } = await import("../run/run-import.ts");
      process.exitCode = await runImport(file, flags, self, context);
    });
  return withExamples(withErrorLimit(command), [
    ["otc-etl import tickets.xlsx --view tickets", "columns are found by name, in any order and case"],
    [
      "otc-etl import export.csv --view timesheets --delimiter ';'",
      "CSV with semicolons, as Excel saves it in many countries",
    ],
    ['otc-etl import old.xlsx --view tickets --map "Number=TKT-Ticket ID"', "a column with another name"],
    [
      "otc-etl import incident.csv --view tickets --map-file servicenow.json --key-from-digits",
      "an export of ServiceNow",
    ],
    [
      "otc-etl import incident.csv --view tickets --suggest > mapping.json",
      "guess the mapping, with the reasons on stderr",
    ],
    [
      "otc-etl import export.xlsx --view tickets --map-file columns.json --generate-key",
      "a file without ids",
    ],
    ["otc-etl import tickets.csv --view tickets --dry-run", "what would it change?"],
    [
      "otc-etl import tickets.csv --view tickets --dry-run --rejects-file rejects.ndjson",
      "which records would it reject, and why?",
    ],
    ["otc-etl import book.xlsx --view comments --sheet 2", "the second sheet"],
    ["zcat dump.gz | otc-etl import - --view tickets --format ndjson", "from a pipe"],
  ]);
}
