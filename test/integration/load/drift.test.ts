import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readStatus } from "../../../src/load/read-status.ts";
import { simulatedDocument, SIMULATED_VIEWS } from "../../../src/simulator/document.ts";
import { viewCatalog, viewNamed } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, type Fields, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";

/** Tickets whose teams, categories and severities can be told apart. */
function desk(
  count: number,
  change: (ticket: Fields, number: number) => Fields = (unchanged) => unchanged,
): Fields[] {
  return many(count, (number) =>
    change(
      ticket(number, {
        "TKT-Team": `Team ${number % 7}`,
        "TKT-Category": `Category ${number % 9}`,
        "TKT-Severity": number % 2 === 0 ? "High" : "Low",
        "TKT-SLA Met": number % 3 === 0 ? "Yes" : "No",
        "TKT-Response Met": number % 4 === 0 ? "Yes" : "No",
      }),
      number,
    ),
  );
}

function withTeamsAndCategoriesSwapped(document: string): string {
  return document.replaceAll(/"TKT-(Team|Category)"/g, (_, column) =>
    column === "Team" ? '"TKT-Category"' : '"TKT-Team"',
  );
}

describeEachDatabase("schema drift", (target) => {
  test("is noticed once, by the load, its record and status", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await load(loader, tickets, desk(60))).toMatchObject({ driftWarnings: [] });
    const drifted = desk(60, (fields, number) => ({
      ...fields,
      "TKT-Team": fields["TKT-Category"],
      "TKT-Category": fields["TKT-Team"],
      "TKT-Severity": number === 1 ? "High" : "",
      // JSON leaves it out.
      "TKT-Response Met": undefined,
      ...(number < 4 ? { Colour: "red" } : {}),
    }));
    const outcome = await load(loader, tickets, drifted);
    expect(outcome.driftWarnings).toMatchObject([
      { kind: "new_field", fields: ["Colour"] },
      { kind: "vanished_field", fields: ["TKT-Response Met"] },
      { kind: "mostly_empty", fields: ["TKT-Severity"], message: expect.stringMatching(/ 98 % .* 0 %/) },
      { kind: "swapped_fields", fields: ["TKT-Category", "TKT-Team"] },
    ]);
    expect(await load(loader, tickets, drifted)).toMatchObject({ driftWarnings: [], unchanged: 60 });
    const [status] = await readStatus(await loader.database(), database.schema, [tickets], 5);
    expect(status).toMatchObject({
      unknownFields: { Colour: 3 },
      runs: [{ driftWarnings: [] }, { driftWarnings: outcome.driftWarnings }, { driftWarnings: [] }],
    });
    expect(status?.absentFields).toContain("TKT-Response Met");
  });
});

describeEachDatabase(
  "a simulated service desk",
  (target) => {
    test("does not drift from one day to the next, nor a month later; and two of its fields swapped do", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const catalog = await viewCatalog();
      const documentOfDay = (view: (typeof SIMULATED_VIEWS)[number], day: number): string =>
        Buffer.concat([
          ...simulatedDocument({
            view,
            seed: 1,
            scale: { tickets: 2000, comments: 2000, timesheets: 9000 },
            day,
          }),
        ]).toString();
      for (const name of SIMULATED_VIEWS) {
        const view = viewNamed(catalog, name);
        for (const day of [0, 1, 31]) {
          const { driftWarnings } = await load(loader, view, documentOfDay(name, day));
          expect(driftWarnings).toEqual([]);
        }
      }
      const swapped = withTeamsAndCategoriesSwapped(documentOfDay("tickets", 32));
      expect(await load(loader, tickets, swapped)).toMatchObject({
        driftWarnings: [{ kind: "swapped_fields", fields: ["TKT-Category", "TKT-Team"] }],
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeWithSharedData("the real tickets", "tickets.json.gz", (path) => {
  describeEachDatabase(
    "the real tickets",
    (target) => {
      test("do not drift when every second record is missing, and do when teams and categories are swapped", async () => {
        const database = await target.fresh();
        const loader = database.open();
        const real = gunzipSync(readFileSync(path)).toString();
        const { message } = JSON.parse(real) as { message: { data: Fields[] } };
        await load(loader, tickets, real);
        const half = documentOf(message.data.filter((_, index) => index % 2 === 0));
        expect(await load(loader, tickets, half)).toMatchObject({ driftWarnings: [] });
        expect(await load(loader, tickets, withTeamsAndCategoriesSwapped(real))).toMatchObject({
          driftWarnings: [{ kind: "swapped_fields", fields: ["TKT-Category", "TKT-Team"] }],
        });
      });
    },
    ({ name }) => name === "PostgreSQL 18",
  );
});
