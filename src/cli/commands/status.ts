import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../examples.ts";

interface StatusFlags {
  readonly json: boolean;
  readonly runs: string;
}

/** `otc-etl status`. */
export function statusCommand(context: CliContext): Command {
  const command = new Command("status")
    .description("Show how fresh each view is, what its table holds, and the last runs.")
    .option("--runs <count>", "how many runs of each view", "5")
    .option("--json", "one JSON object a view on stdout", false)
    .action(async (flags: StatusFlags, self: Command) => {
      const [{ readStatus }, { requireMigrated }, { viewCatalog }, { withSession }, render, { OtcError }] =
        await Promise.all([
          import("../../load/read-status.ts"),
          import("../../database/migrations.ts"),
          import("../../views/catalog.ts"),
          import("../session.ts"),
          import("../render-status.ts"),
          import("../../errors/otc-error.ts"),
        ]);
      if (!/^\d{1,4}$/.test(flags.runs)) {
        throw new OtcError("usage", `--runs is "${flags.runs}".`, {
          remedy: "Give a number from 0 to 9999.",
        });
      }
      await withSession(self, context, async ({ loader }) => {
        const database = await loader.database();
        await requireMigrated(database);
        const statuses = await readStatus(database, database.schema, await viewCatalog(), Number(flags.runs));
        if (flags.json) for (const status of statuses) context.stdout.write(`${JSON.stringify(status)}\n`);
        else context.stdout.write(render.renderStatus(statuses));
      });
    });
  return withExamples(command, [
    ["otc-etl status", "how fresh is the data, and how did the last loads go?"],
    ["otc-etl status --runs 30", "with the last 30 runs of each view"],
    ["otc-etl status --json | jq .ageSeconds", "for scripts"],
  ]);
}
