import type { Command, CommanderError } from "commander";
import { OtcError } from "../errors/otc-error.ts";

/** What commander says instead of an error when it has shown the help because a command is missing. */
const HELP_SHOWN = "(outputHelp)";

/**
 * Why commander did not run a command: the command line is wrong, or help or the version was asked for. Its message and
 * its remedy are those of commander, in the form of every other error.
 */
export class ParseError extends OtcError {
  /** The command whose help describes what is allowed. */
  readonly command: Command;
  /** Whether there is nothing wrong: what was asked for has been shown. */
  readonly isAnswered: boolean;

  constructor(error: CommanderError, command: Command) {
    const { message, remedy } = partsOf(error.message);
    super("usage", message, { cause: error, ...(remedy === undefined ? {} : { remedy }) });
    this.command = command;
    this.isAnswered = error.exitCode === 0;
  }
}

/** Where to look up what a command takes. */
export function helpOf(command: Command): string {
  return `\`${pathOf(command)} --help\` shows what is possible, with examples.`;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Commander puts suggestions and allowed values behind the error, in one text. */
function partsOf(text: string): { readonly message: string; readonly remedy: string | undefined } {
  if (text === HELP_SHOWN) return { message: "A command is missing.", remedy: undefined };
  const [, message = text, suggestion, choices] =
    /^(?:error: )?(.*?)\.?(?:\n\((.*)\)| (Allowed choices are .*))?\n?$/s.exec(text) ?? [];
  return { message: `${message}.`, remedy: suggestion ?? choices };
}
