import type { Command } from "commander";
import { viewCatalog } from "../../views/catalog.ts";
import type { CliContext } from "../cli-context.ts";
import { bashScript } from "../completion/bash-script.ts";
import { type CompletedCommand, completedCommand } from "../completion/completed-command.ts";
import { fishScript } from "../completion/fish-script.ts";
import type { Shell } from "../completion/shell.ts";
import { zshScript } from "../completion/zsh-script.ts";

const SCRIPTS: Readonly<Record<Shell, (program: CompletedCommand) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Writes the completion script for a shell. */
export async function runCompletion(shell: Shell, program: Command, { stdout }: CliContext): Promise<void> {
  const views = (await viewCatalog()).map((view) => view.name);
  stdout.write(SCRIPTS[shell](completedCommand(program, views)));
}
