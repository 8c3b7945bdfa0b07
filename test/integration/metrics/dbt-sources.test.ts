import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { deployedFile } from "../../support/deployed-files.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { failingLoad, load } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";

interface Sources {
  readonly sources: readonly {
    readonly schema: string;
    readonly tables: readonly {
      readonly name: string;
      readonly config: { readonly loaded_at_query: string };
    }[];
  }[];
}

describeEachDatabase(
  "deploy/dbt/sources.yml",
  (target) => {
    test("names the table of every view, and finds the time of its last committed load", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, [ticket(1)]);
      await failingLoad(loader, tickets, "<html>");
      const { sources } = parse(await readFile(deployedFile("dbt/sources.yml"), "utf8")) as Sources;
      const [source] = sources;
      expect(source?.schema).toBe(database.schema);
      expect(source?.tables.map(({ name }) => name)).toEqual((await viewCatalog()).map(({ table }) => table));
      const [last] = await database.sql<{ at: Date }>(
        `select last_load_time as at from ${database.table("etl_metadata")} where run_id = 1`,
      );
      for (const { name, config } of source?.tables ?? []) {
        const [found] = await database.sql(config.loaded_at_query);
        expect(found, name).toEqual({ max: name === "tickets" ? last?.at : null });
      }
    });
  },
  ({ schema }) => schema === "servicedesk",
);
