import { Argument, Command } from "commander";
import type { CliContext } from "../cli-context.ts";
import { SHELLS, type Shell } from "../completion/shell.ts";
import { withExamples } from "../options/examples.ts";

/** `otc-etl completion`. */
export function completionCommand(context: CliContext): Command {
  const command = new Command("completion")
    .description("Print a completion script for a shell: commands, options, views and files.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action(async (shell: Shell, _flags: unknown, self: Command) => {
      const { runCompletion } = await import("../run/run-completion.ts");
      await runCompletion(shell, self.parent ?? self, context);
    });
  return withExamples(command, [
    ["source <(otc-etl completion bash)", "in ~/.bashrc"],
    ["source <(otc-etl completion zsh)", "in ~/.zshrc, after compinit"],
    ["otc-etl completion fish | source", "in ~/.config/fish/config.fish"],
    ['otc-etl() { npx otc-etl "$@"; }', "before it, where otc-etl is not installed globally"],
  ]);
}
