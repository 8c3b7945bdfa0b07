import { CITUS_VARIABLE } from "./citus.ts";
import type { Command } from "commander";
import { errorMessage } from "../../src/errors/error-message.ts";
import { settingList, viewSettingList } from "../../src/config/settings.ts";
import { viewCatalog } from "../../src/views/catalog.ts";
import { silentProgram } from "../../scripts/silent-program.ts";

/** What the program has to object to in the words of a command line; undefined when it would run. Nothing is run. */
export async function usageProblem(words: readonly string[]): Promise<string | undefined> {
  const program = silentProgram();
  for (const command of subcommands(program)) command.action(() => undefined);
  try {
    await program.parseAsync([...words], { from: "user" });
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Every environment variable that is read, also by tests. */
export async function knownVariables(): Promise<ReadonlySet<string>> {
  const views = await viewCatalog();
  return new Set([
    CITUS_VARIABLE,
    ...settingList.map(({ env }) => env),
    ...settingList.filter(({ secret }) => secret === true).map(({ env }) => `${env}_FILE`),
    ...viewSettingList.flatMap(({ variable }) => views.map(({ name }) => variable(name))),
  ]);
}

/** The code of a page: its blocks, and what stands in a sentence, each on lines of its own. */
export function codeIn(markdown: string): string {
  return [...markdown.matchAll(/^```.*\n([^]*?)^```$|`([^`\n]+)`/gm)]
    .map(([, block, inline]) => block ?? inline)
    .join("\n");
}

/** The words after `otc-etl` wherever code calls it: in a shell, a crontab or a unit. */
export function commandLinesIn(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/(?<=^|[\s(/])otc-etl (?=[a-z])([^|;&<>()\n]*)/gm)]
    .map(([, rest = ""]) => rest.replace(/\s#.*$/, "").trim())
    .filter((rest) => !/…|\[/.test(rest))
    .map((rest) =>
      [...rest.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(([all, one, two]) => one ?? two ?? all),
    );
}

/** The variables of otc-etl that a text names, each once; not the beginnings of some, as in `OTC_PG_*`. */
export function variablesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bOTC_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_])/g) ?? [])];
}

function subcommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...subcommands(child)]);
}
