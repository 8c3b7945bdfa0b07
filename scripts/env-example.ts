import { settingList, viewSettingList } from "../src/config/settings.ts";

/** All groups of settings, in the order of the list. */
export function settingGroups(): readonly string[] {
  return [...new Set([...settingList, ...viewSettingList].map(({ group }) => group))];
}

/** `.env.example`: every setting with its description, and its default or an example, commented out. */
export function renderEnvExample(views: readonly string[]): string {
  const groups = settingGroups();
  const lines = [
    "# Copy to .env in the directory otc-etl is started in, or set these in the environment. Flags take precedence over both.",
    "# Put a value that contains # or begins with a quote into quotes: OTC_PG_PASSWORD='a#b'",
    "# This file is generated from src/config/settings/: npm run docs",
  ];
  for (const group of groups) {
    lines.push("", `# --- ${group} ---`);
    for (const setting of settingList.filter((candidate) => candidate.group === group)) {
      lines.push("", `# ${setting.description}`);
      if (setting.secret === true) lines.push(`# Or ${setting.env}_FILE: a file that contains it.`);
      lines.push(`# ${setting.env}=${setting.default ?? setting.example ?? ""}`);
    }
    for (const setting of viewSettingList.filter((candidate) => candidate.group === group)) {
      for (const view of views) {
        lines.push("", `# ${setting.description(view)}`, `# ${setting.variable(view)}=`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
