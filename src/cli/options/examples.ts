import type { Command } from "commander";

/** A command line and what it does. */
type Example = readonly [command: string, does: string];

/** Commander wraps the rest of a help at this width, unless the terminal is wider. */
const WIDTH = 80;

/** Adds examples below the help of a command. What does not fit beside an example stands below it. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([example]) => example.length));
  const besides = examples.map(([example, does]) => `  ${example.padEnd(width)}  ${does}`);
  const lines = besides.every((line) => line.length <= WIDTH)
    ? besides
    : examples.map(([example, does]) => `  ${example}\n      ${does}`);
  return command.addHelpText(
    "after",
    `\nExamples:\n${lines.join("\n")}\n\nEvery setting is a flag as well (--pg-schema for OTC_PG_SCHEMA);\n` +
      "`otc-etl settings` lists them.",
  );
}
