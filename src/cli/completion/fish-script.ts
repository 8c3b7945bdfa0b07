import {
  type CompletedCommand,
  type CompletedOption,
  type Completions,
  withSubcommands,
} from "./completed-command.ts";

/** The completion script for fish, to source or to put into `~/.config/fish/completions/otc-etl.fish`. */
export function fishScript(program: CompletedCommand): string {
  const all = withSubcommands(program);
  const paths = all.slice(1).map(({ path }) => path);
  const line = (condition: string, ...words: readonly string[]): string =>
    ["complete", "-c", program.name, ...(condition === "" ? [] : ["-n", condition]), ...words].join(" ");
  const lines = all.flatMap((command) => {
    const here = quoted(`__otc_etl_at "${command.path}"`);
    return [
      ...command.commands.map(({ name, description }) => line(here, "-a", name, "-d", quoted(description))),
      // The program's own options apply to every command.
      ...command.options.map((option) => line(command === program ? "" : here, ...optionWords(option))),
      ...(command.argument.kind === "nothing" ? [] : [line(here, ...valueWords(command.argument))]),
    ];
  });
  return `# fish completion of ${program.name}; ${program.name} completion fish | source
function __otc_etl_at --argument-names expected
    set -l command ""
    for word in (commandline -opc)[2..-1]
        if contains -- "$command/$word" ${paths.join(" ")}
            set command "$command/$word"
        end
    end
    test "$command" = "$expected"
end
complete -c ${program.name} -f
${lines.join("\n")}
`;
}

function optionWords({ flags, description, value }: CompletedOption): readonly string[] {
  return [
    ...flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)),
    ...(value === undefined ? [] : [value.kind === "files" ? "-r" : "-x", ...valueWords(value)]),
    "-d",
    quoted(description),
  ];
}

function valueWords(completions: Completions): readonly string[] {
  if (completions.kind === "words") return ["-a", quoted(completions.words.join(" "))];
  return completions.kind === "files" ? ["-F"] : [];
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
