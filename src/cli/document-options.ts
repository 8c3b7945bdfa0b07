import { Argument, type Command, Option } from "commander";

/** The flags that say which documents are read, and how strictly. */
export interface DocumentFlags {
  readonly from?: string;
  readonly maxErrors?: string;
  readonly allowShrink: boolean;
  readonly ignoreCircuit: boolean;
  readonly wait?: string;
  readonly timeout?: string;
}

/** Adds the argument for the views and the options for their documents. */
export function addDocumentOptions(command: Command): Command {
  return command
    .addArgument(new Argument("[view]", "tickets, comments, timesheets or all").default("all"))
    .option(
      "--from <file>",
      "read a document from a file (plain, .gz or .zst; - for standard input) instead of the API",
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
    .option("--timeout <duration>", "time for each view, as 2h (default: OTC_LOAD_TIMEOUT_MS)")
    .option("--ignore-circuit", "ask OTC although the last fetches failed", false);
}
