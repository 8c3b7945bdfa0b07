import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../docs/adr/", import.meta.url);

export const DECISION_INDEX = new URL("README.md", FOLDER);

const INTRODUCTION = `# Decisions

One short page for each decision that the code alone does not explain: what was wanted, what was chosen, what was measured or
tried instead. A decision that no longer holds is not rewritten: its page says which later one replaces it.
\`npm run docs\` writes this list.
`;

/** What docs/adr/README.md should say: every page of its folder, by its heading. */
export function renderDecisionIndex(): string {
  const pages = readdirSync(FOLDER)
    .filter((file) => /^\d{4}-.*\.md$/.test(file))
    .sort();
  const entries = pages.map((file) => {
    const [, number = "", title = ""] =
      /^# (\d+)\. (.*)$/m.exec(readFileSync(new URL(file, FOLDER), "utf8")) ?? [];
    if (title === "") throw new Error(`docs/adr/${file} has no heading such as "# 7. What was decided".`);
    return `- [${number}. ${title}](${file})`;
  });
  return `${INTRODUCTION}\n${entries.join("\n")}\n`;
}
