import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import type { MigrateFlags } from "../run/run-migrate.ts";

/** `otc-etl migrate`. */
export function migrateCommand(context: CliContext): Command {
  const command = new Command("migrate")
    .description("Create or update the tables; never drops data.")
    .option("--status", "only show which migrations the database has", false)
    .option("--adopt", "take over the tables that an older script left behind, in one transaction", false)
    .option("--dry-run", "with --adopt: report what it would do, with row counts, and change nothing", false)
    .option("--time-zone <name>", "read times without a zone in this one from now on; rows stay as they are")
    .option(
      "--partition <view=column:period>",
      "partition a table, with its rows, by the month of a time in its key; can be given several times",
      (text: string, others: readonly string[]) => [...others, text],
      [] as readonly string[],
    )
    .option("--distribute", "spread the tables, with their rows, over the servers of Citus", false)
    .option("--json", "one JSON object per migration, or per change with --adopt, on stdout", false)
    .action(async (flags: MigrateFlags, self: Command) => {
      const { runMigrate } = await import("../run/run-migrate.ts");
      await runMigrate(flags, self, context);
    });
  return withExamples(command, [
    ["otc-etl migrate", "apply what is missing"],
    ["otc-etl migrate --status", "show what is applied and what is pending"],
    ["otc-etl migrate --adopt --dry-run", "what would it take to adopt an old database?"],
    ["otc-etl migrate --adopt", "adopt it"],
    ["otc-etl migrate --partition timesheets=TS-Date:month", "divide the table of a large view by months"],
    ["otc-etl migrate --distribute", "spread the tables over the servers of a Citus cluster"],
    ["otc-etl migrate --time-zone Europe/Vienna", "change the time zone of all loads, on purpose"],
  ]);
}
