import { type CompletedCommand, type Completions, withSubcommands } from "./completed-command.ts";

/**
 * The completion script for bash, including version 3.2 of macOS. It starts no process and evaluates nothing that was
 * typed.
 */
export function bashScript(program: CompletedCommand): string {
  const all = withSubcommands(program);
  const inner = all.slice(1);
  const common = program.options.flatMap(({ flags }) => flags);
  const words = all.map(({ path, options, commands, argument }) => {
    const flags = path === "" ? [] : options.flatMap((option) => option.flags);
    const names = commands.length > 0 ? commands.map(({ name }) => name).join(" ") : reply(argument);
    return `    "${path}") options="${flags.join(" ")}" words="${names}" ;;`;
  });
  return `# bash completion of ${program.name}; source <(${program.name} completion bash)
_otc_etl() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command="" word options words
  # bash splits --flag=value into three words.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command/$word" in
    ${inner.map(({ path }) => `"${path}"`).join(" | ")}) command="$command/$word" ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${valueArms(all).join("\n")}
  *)
    case "$command" in
${words.join("\n")}
    esac
    if [[ $current == -* ]]; then words="$options ${common.join(" ")}"; fi
    ;;
  esac
  # Without a reply, bash completes file names.
  if [[ $words == "@files" ]]; then return; fi
  compopt +o default 2>/dev/null
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _otc_etl ${program.name}
`;
}

/** Completions of option values, grouped by equal completions. The program's own options apply to every command. */
function valueArms(commands: readonly CompletedCommand[]): readonly string[] {
  const patterns = new Map<string, string[]>();
  for (const { path, options } of commands) {
    for (const { flags, value } of options) {
      if (value === undefined) continue;
      const own = flags.map((flag) => (path === "" ? `*" ${flag}"` : `"${path} ${flag}"`));
      patterns.set(reply(value), [...(patterns.get(reply(value)) ?? []), ...own]);
    }
  }
  return [...patterns].map(([words, own]) => `  ${own.join(" | ")}) words="${words}" ;;`);
}

function reply(completions: Completions): string {
  if (completions.kind === "words") return completions.words.join(" ");
  return completions.kind === "files" ? "@files" : "";
}
