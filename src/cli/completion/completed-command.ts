import type { Argument, Command, Option } from "commander";

/** What a shell offers for a value: words, file names, or nothing. */
export type Completions =
  { readonly kind: "words"; readonly words: readonly string[] } | { readonly kind: "files" | "nothing" };

export interface CompletedOption {
  /** With dashes, the long one last. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Undefined when the option takes no value. */
  readonly value: Completions | undefined;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  /** `""` for the program, `/rejects/list` for a command in it. */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly CompletedCommand[];
  /** Its own options; every command also has those of the program. */
  readonly options: readonly CompletedOption[];
  /** What may be completed for its arguments. */
  readonly argument: Completions;
}

/** Placeholders that are completed with file names. */
const PATHS = new Set(["file", "document", "path"]);

/** Commander adds this option to every command, but does not list it. */
const HELP: CompletedOption = { flags: ["-h", "--help"], description: "help", value: undefined };

/** What a shell has to know of a command, hidden options included, for every setting is one. */
export function completedCommand(
  command: Command,
  views: readonly string[],
  parentPath?: string,
): CompletedCommand {
  const path = parentPath === undefined ? "" : `${parentPath}/${command.name()}`;
  const argumentValues = command.registeredArguments.map((argument) => argumentCompletions(argument, views));
  return {
    name: command.name(),
    path,
    description: command.description(),
    commands: command.commands.map((child) => completedCommand(child, views, path)),
    options: [
      ...command.options.map((option) => completedOption(option, views)),
      ...(parentPath === undefined ? [HELP] : []),
    ],
    argument: argumentValues.find(({ kind }) => kind !== "nothing") ?? { kind: "nothing" },
  };
}

/** The command and all those in it. */
export function withSubcommands(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function completedOption(option: Option, views: readonly string[]): CompletedOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const { description } = option;
  if (!option.required && !option.optional) return { flags, description, value: undefined };
  const [, placeholder = ""] = /[<[](.*)[>\]]$/.exec(option.flags) ?? [];
  return { flags, description, value: completions(placeholder, option.argChoices, views) };
}

function argumentCompletions(argument: Argument, views: readonly string[]): Completions {
  return completions(argument.name(), argument.argChoices, [...views, "all"]);
}

function completions(
  placeholder: string,
  choices: readonly string[] | undefined,
  views: readonly string[],
): Completions {
  if (choices !== undefined && placeholder === "view=value") {
    return { kind: "words", words: views.flatMap((view) => choices.map((choice) => `${view}=${choice}`)) };
  }
  if (choices !== undefined) return { kind: "words", words: choices };
  if (placeholder === "view") return { kind: "words", words: views };
  return { kind: PATHS.has(placeholder) ? "files" : "nothing" };
}
