import {
  type CompletedCommand,
  type CompletedOption,
  type Completions,
  withSubcommands,
} from "./completed-command.ts";

/** The completion script for zsh, to source or to put into its `fpath` under the name `_otc-etl`. */
export function zshScript(program: CompletedCommand): string {
  const inner = withSubcommands(program).slice(1);
  const main = functionName(program);
  return `#compdef ${program.name}
# zsh completion of ${program.name}; source <(${program.name} completion zsh)
${main}() {
  # The functions below use it too.
  local -a common=(${optionSpecs(program).join("\n    ")})
${body(program)}
}
${inner.map((command) => `${functionName(command)}() {\n${body(command, optionSpecs(command))}\n}`).join("\n")}
if [[ $funcstack[1] == _${program.name} ]]; then
  ${main} "$@"
else
  compdef ${main} ${program.name}
fi
`;
}

/** @param specs of options that only this command has */
function body(command: CompletedCommand, specs: readonly string[] = []): string {
  const words = ["$common", ...specs];
  if (command.commands.length === 0) {
    const argument = quoted(`*:${command.name}:${action(command.argument)}`);
    return `  _arguments -s -S ${[...words, argument].join(" \\\n    ")}`;
  }
  const names = command.commands.map(({ name, description }) =>
    quoted(`${name}:${description.replaceAll(":", "\\:")}`),
  );
  const arms = command.commands.map((child) => `    ${child.name}) ${functionName(child)} ;;`);
  return `  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -s -S -C ${[...words, "'1:command:->command'", "'*::argument:->argument'"].join(" \\\n    ")}
  case $state in
  command)
    local -a commands=(${names.join("\n      ")})
    _describe command commands
    ;;
  argument)
    case $line[1] in
${arms.join("\n")}
    esac
    ;;
  esac`;
}

function functionName({ path }: CompletedCommand): string {
  return `_otc_etl${path.replaceAll("/", "_").replaceAll("-", "_")}`;
}

function optionSpecs({ options }: CompletedCommand): readonly string[] {
  return options.flatMap(optionSpec);
}

function optionSpec({ flags, description, value }: CompletedOption): readonly string[] {
  const explained = description.replaceAll(/[\\[\]]/g, (character) => `\\${character}`);
  const takes = value === undefined ? "" : `:value:${action(value)}`;
  return flags.map((flag) => {
    const name = takes !== "" && flag.startsWith("--") ? `${flag}=` : flag;
    return quoted(`${name}[${explained}]${takes}`);
  });
}

function action(completions: Completions): string {
  if (completions.kind === "words") return `(${completions.words.join(" ")})`;
  return completions.kind === "files" ? "_files" : " ";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
