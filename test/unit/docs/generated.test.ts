import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { renderGeneratedFiles } from "../../../scripts/generated-files.ts";

const read = (file: URL): Promise<string> => readFile(file, "utf8");

test("the generated pages and .env.example are up to date (otherwise: npm run docs)", async () => {
  for (const [file, content] of await renderGeneratedFiles(read)) {
    expect(await read(file), fileURLToPath(file)).toBe(content);
  }
});
