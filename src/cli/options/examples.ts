import type { Command } from "commander";

/** A command line and what it does. */
type Example = readonly [command: string, does: string];

/** Adds examples below the help of a command. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([example]) => example.length));
  const lines = examples.map(([example, does]) => `  ${example.padEnd(width)}  ${does}`);
  return command.addHelpText(
    "after",
    `\nExamples:\n${lines.join("\n")}\n\nEvery setting is a flag as well (--pg-schema for OTC_PG_SCHEMA); ` +
      "`otc-etl settings` lists them.",
  );
}
