import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { expect, test } from "vitest";
import { renderGeneratedFiles } from "../../../scripts/generated-files.ts";

const read = (file: URL): Promise<string> => readFile(file, "utf8");

test("README.md and .env.example say what the settings and commands are (else: npm run docs)", async () => {
  for (const [file, content] of await renderGeneratedFiles(read)) {
    const path = fileURLToPath(file);
    // Prettier pads Markdown tables; what counts is what they say.
    const expected = path.endsWith(".md")
      ? await format(content, { parser: "markdown", printWidth: 110 })
      : content;
    expect(await read(file), path).toBe(expected);
  }
});
