import { Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { withExamples } from "../options/examples.ts";
import { globalOptions } from "../options/global-options.ts";

/** `otc-etl settings`. */
export function settingsCommand(context: CliContext): Command {
  const command = new Command("settings")
    .description("List every setting with its flag and its current value; secrets are not shown.")
    .action(async (_flags: unknown, self: Command) => {
      const [
        { describeSettings },
        { viewCatalog },
        { renderTable },
        { layoutOf },
        { createLogger },
        { createProgressLine },
        { warnOfUnknownVariables },
      ] = await Promise.all([
        import("../../config/describe-settings.ts"),
        import("../../views/catalog.ts"),
        import("../render/table.ts"),
        import("../render/layout.ts"),
        import("../logger.ts"),
        import("../render/progress-line.ts"),
        import("../warn-of-unknown-variables.ts"),
      ]);
      const options = globalOptions(self);
      const { flags } = options;
      const progress = await createProgressLine(context, options, () => undefined);
      await warnOfUnknownVariables(context.env, createLogger(context, options, progress));
      const views = (await viewCatalog()).map((view) => view.name);
      const settings = describeSettings(context.env, context.fromDotEnv, flags, views);
      const table = renderTable(
        [
          { title: "variable", cell: ({ env }) => env },
          { title: "flag", rank: 1, cell: ({ flag }) => flag },
          { title: "value", shrinksTo: 20, cell: ({ value }) => value },
          { title: "from", shrinksTo: 12, cell: ({ origin }) => origin },
        ],
        settings,
        layoutOf(context, options),
      );
      context.stdout.write(table);
    });
  return withExamples(command, [["otc-etl settings", "what is configured, and where it comes from"]]);
}
