import type { Command } from "commander";

/** What can be said of any load, wherever its records come from. */
export interface SharedLoadFlags {
  readonly maxErrors?: string;
  readonly wait?: string;
  readonly timeout?: string;
  readonly migrate: boolean;
  readonly json: boolean;
}

/** Adds the options to a command that loads. */
export function addLoadOptions(command: Command): Command {
  return command
    .option(
      "--max-errors <limit>",
      "most records in quarantine, as 50 or 2% (default: the larger of 100 and 1%)",
    )
    .option(
      "--wait <duration>",
      "wait for another load of the view to end, as 30s or 10m (default: do not wait)",
    )
    .option("--timeout <duration>", "time for each load, as 2h (default: OTC_LOAD_TIMEOUT_MS)")
    .option("--migrate", "bring the tables up to date first", false)
    .option("--json", "one JSON object a view on stdout", false);
}
