import { renderEnvExample } from "../src/config/describe-settings.ts";
import { flagOf, type Setting, settingList, viewSettingList } from "../src/config/settings.ts";
import { viewCatalog } from "../src/views/catalog.ts";
import { silentProgram } from "./silent-program.ts";

const README = new URL("../README.md", import.meta.url);
const ENV_EXAMPLE = new URL("../.env.example", import.meta.url);

/** The files that are generated, whole or in part, with the content they should have. */
export async function renderGeneratedFiles(
  read: (file: URL) => Promise<string>,
): Promise<[file: URL, content: string][]> {
  const views = (await viewCatalog()).map((view) => view.name);
  let readme = await read(README);
  readme = replaceBlock(readme, "commands", commandTable());
  readme = replaceBlock(readme, "settings", settingTables(views));
  return [
    [README, readme],
    [ENV_EXAMPLE, renderEnvExample(views)],
  ];
}

function replaceBlock(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`README.md has no block "${name}".`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

function commandTable(): string {
  const rows = silentProgram().commands.map((command) => {
    const usage = [
      command.name(),
      ...command.registeredArguments.map((argument) =>
        argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      ),
    ].join(" ");
    return `| \`${usage}\` | ${command.description()} |`;
  });
  return ["| command | what it does |", "| --- | --- |", ...rows].join("\n");
}

function settingTables(views: readonly string[]): string {
  const groups = [...new Set(settingList.map((setting) => setting.group))];
  return groups
    .map((group) => {
      const rows = settingList.filter((setting) => setting.group === group).map(settingRow);
      for (const { variable, description } of viewSettingList.filter((setting) => setting.group === group)) {
        rows.push(...views.map((view) => `| \`${variable(view)}\` | | ${description(view)} |`));
      }
      return [`**${group}**`, "", "| variable | default | what it is |", "| --- | --- | --- |", ...rows].join(
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
      : ` Flag \`--${flagOf(setting)}\`.`;
  return `| \`${setting.env}\` | ${fallback} | ${setting.description}${how} |`;
}
