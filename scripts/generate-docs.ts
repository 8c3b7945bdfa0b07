// Writes what the documentation says about settings and commands from the code that decides it: npm run docs
import { readFile, writeFile } from "node:fs/promises";
import { renderGeneratedFiles } from "./generated-files.ts";

for (const [path, content] of await renderGeneratedFiles((file) => readFile(file, "utf8"))) {
  await writeFile(path, content);
}
