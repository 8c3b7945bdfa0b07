import type { Setting } from "../src/config/settings/setting.ts";
import { flagOf, hasFlag, settingList, viewSettingList } from "../src/config/settings.ts";
import { viewCatalog } from "../src/views/catalog.ts";
import { renderBackendMatrix } from "./backend-matrix.ts";
import { DECISION_INDEX, renderDecisionIndex } from "./decision-index.ts";
import { renderEnvExample, settingGroups } from "./env-example.ts";
import { formatPage } from "./format-page.ts";
import { renderLibraryPage } from "./library-page.ts";
import { silentProgram } from "./silent-program.ts";

const README = new URL("../README.md", import.meta.url);
const COMMANDS_PAGE = new URL("../docs/commands.md", import.meta.url);
const SETTINGS_PAGE = new URL("../docs/settings.md", import.meta.url);
const SCALING_PAGE = new URL("../docs/scaling.md", import.meta.url);
const LIBRARY_PAGE = new URL("../docs/library.md", import.meta.url);
const ENV_EXAMPLE = new URL("../.env.example", import.meta.url);

/** The commands that README shows; docs/commands.md has all of them. */
const COMMON_COMMANDS = [
  "load",
  "plan",
  "status",
  "serve",
  "worker",
  "migrate",
  "doctor",
  "import",
  "rejects",
  "replay",
];

/** The files that are generated, whole or in part, with the content they should have. */
export async function renderGeneratedFiles(
  read: (file: URL) => Promise<string>,
): Promise<[file: URL, content: string][]> {
  const views = (await viewCatalog()).map((view) => view.name);
  const commands = commandRows();
  const common = COMMON_COMMANDS.map((name) => commands.get(name) ?? unknownCommand(name));
  const pages: [file: URL, content: string][] = [
    [README, replaceBlock(await read(README), "common commands", commandTable(common))],
    [
      COMMANDS_PAGE,
      replaceBlock(await read(COMMANDS_PAGE), "commands", commandTable([...commands.values()])),
    ],
    [SETTINGS_PAGE, replaceBlock(await read(SETTINGS_PAGE), "settings", settingTables(views))],
    [SCALING_PAGE, replaceBlock(await read(SCALING_PAGE), "backends", renderBackendMatrix())],
    [LIBRARY_PAGE, renderLibraryPage()],
    [DECISION_INDEX, renderDecisionIndex()],
  ];
  return [
    ...(await Promise.all(
      pages.map(async ([file, content]): Promise<[URL, string]> => [file, await formatPage(file, content)]),
    )),
    [ENV_EXAMPLE, renderEnvExample(views)],
  ];
}

function replaceBlock(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The page has no block "${name}".`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** A row of a table for each command, by its name. */
function commandRows(): ReadonlyMap<string, string> {
  return new Map(
    silentProgram().commands.map((command) => {
      const usage = [
        command.name(),
        ...command.registeredArguments.map((argument) =>
          argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
        ),
      ].join(" ");
      return [command.name(), `| \`${usage}\` | ${command.description()} |`];
    }),
  );
}

function unknownCommand(name: string): never {
  throw new Error(`README shows the command ${name}, which does not exist.`);
}

function commandTable(rows: readonly string[]): string {
  return ["| command | what it does |", "| --- | --- |", ...rows].join("\n");
}

function settingTables(views: readonly string[]): string {
  const groups = settingGroups();
  return groups
    .map((group) => {
      const rows = settingList.filter((setting) => setting.group === group).map(settingRow);
      for (const { variable, description } of viewSettingList.filter((setting) => setting.group === group)) {
        rows.push(...views.map((view) => `| \`${variable(view)}\` | | ${description(view)} |`));
      }
      return [`## ${group}`, "", "| variable | default | what it is |", "| --- | --- | --- |", ...rows].join(
        "\n",
      );
    })
    .join("\n\n");
}

function settingRow(setting: Setting): string {
  const fallback = setting.default === undefined ? "" : `\`${setting.default}\``;
  const how =
    setting.secret === true
      ? ` Secret: also as \`${setting.env}_FILE\`, never a flag.`
      : hasFlag(setting)
        ? ` Flag \`--${flagOf(setting)}\`.`
        : "";
  return `| \`${setting.env}\` | ${fallback} | ${setting.description}${how} |`;
}
