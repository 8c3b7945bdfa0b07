// Writes the generated pages from the code that defines their content: npm run docs
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseSettings } from "../src/config/database-settings.ts";
import { readSettings } from "../src/config/read-settings.ts";
import { migrate } from "../src/database/migrations/migrations.ts";
import { openDatabase } from "../src/database/open-database.ts";
import { formatPage } from "./format-page.ts";
import { renderGeneratedFiles } from "./generated-files.ts";
import { renderSchemaPage, SCHEMA_PAGE } from "./schema-page.ts";

for (const [path, content] of await renderGeneratedFiles((file) => readFile(file, "utf8"))) {
  await writeFile(path, content);
}

const folder = await mkdtemp(join(tmpdir(), "otc-etl-docs-"));
try {
  const database = await openDatabase(databaseSettings(readSettings({ OTC_DATA_DIR: folder })), {
    create: true,
  });
  try {
    await migrate(database, () => undefined);
    await writeFile(SCHEMA_PAGE, await formatPage(SCHEMA_PAGE, await renderSchemaPage(database)));
  } finally {
    await database.close();
  }
} finally {
  await rm(folder, { recursive: true });
}
