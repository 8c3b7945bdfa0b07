import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../examples.ts";
import { formatTime } from "../format.ts";

interface MigrateFlags {
  readonly status: boolean;
  readonly json: boolean;
}

/** `otc-etl migrate`. */
export function migrateCommand(context: CliContext): Command {
  const command = new Command("migrate")
    .description("Create or update the tables; never drops data.")
    .option("--status", "only show which migrations the database has", false)
    .option("--json", "one JSON object a migration on stdout", false)
    .action(async (flags: MigrateFlags, self: Command) => {
      const [{ migrate, migrationStatus }, { withSession }, { renderTable }] = await Promise.all([
        import("../../database/migrations.ts"),
        import("../session.ts"),
        import("../table.ts"),
      ]);
      await withSession(self, context, async ({ loader, log, options }) => {
        const database = await loader.database();
        const states = flags.status
          ? await migrationStatus(database)
          : await migrate(database, ({ version, name }) => {
              log.info({ version, migration: name }, "migration applied");
            });
        if (flags.json) {
          for (const state of states) context.stdout.write(`${JSON.stringify(state)}\n`);
        } else if (states.length === 0) {
          if (!options.quiet) context.stdout.write("Nothing to do: the database is up to date.\n");
        } else if (!options.quiet) {
          const rows = states.map(({ version, name, appliedAt }) => [
            String(version).padStart(4, "0"),
            name,
            appliedAt === null ? "pending" : formatTime(appliedAt),
          ]);
          context.stdout.write(
            renderTable([{ title: "migration" }, { title: "name" }, { title: "applied" }], rows),
          );
        }
      });
    });
  return withExamples(command, [
    ["otc-etl migrate", "apply what is missing"],
    ["otc-etl migrate --status", "show what is applied and what is pending"],
  ]);
}
