import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { formatPage } from "../../../scripts/format-page.ts";
import { renderSchemaPage, SCHEMA_PAGE } from "../../../scripts/schema-page.ts";
import { describeEachDatabase } from "../../support/each-database.ts";

describeEachDatabase("docs/schema.md", (target) => {
  test("is up to date (otherwise: npm run docs)", async () => {
    const database = await target.fresh();
    const page = await renderSchemaPage(await database.open().database());
    expect(await readFile(SCHEMA_PAGE, "utf8")).toBe(await formatPage(SCHEMA_PAGE, page));
    expect(page).not.toMatch(/^### .*\n\n\n/m);
  });
});
