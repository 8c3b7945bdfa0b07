import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readStatus } from "../../../src/runs/health/read-status.ts";
import { simulatedDocument, SIMULATED_VIEWS } from "../../../src/simulator/document.ts";
import { viewCatalog, viewNamed } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { attemptLoad, documentOf, type Fields, load, plan } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";
import { loadDocuments } from "../../../src/loader/load-documents.ts";

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
  test("is reported once, by the load, its record and status", async () => {
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
    const [status] = await readStatus(await loader.database(), [tickets], 5);
    expect(status).toMatchObject({
      unknownFields: { Colour: 3 },
      runs: [{ driftWarnings: [] }, { driftWarnings: outcome.driftWarnings }, { driftWarnings: [] }],
    });
    expect(status?.absentFields).toContain("TKT-Response Met");
  });
});

/** Flaws for which a record is rejected, each found before the converter has come to most of the record's fields. */
const FLAWS: readonly Fields[] = [
  { "TKT-Ticket ID": "?" },
  { "TKT-Ticket ID": null },
  { "TKT-Assigned To Userid": "nobody" },
  { "TKT-Ticket ID": {} },
];

describeEachDatabase(
  "the fields of rejected records",
  (target) => {
    /** Enough bytes for an empty table to be filled directly. */
    const filler = "x".repeat(50_000);
    const bySizes = {
      before: desk(100, (fields) => ({ ...fields, "TKT-Description": filler, "TKT-Solution": "Restarted." })),
      /** Forty of them are rejected; only those have a solution, a due date and a colour. */
      now: desk(100, (fields, number) =>
        number > 40
          ? { ...fields, "TKT-Description": filler }
          : {
              ...fields,
              ...FLAWS[number % FLAWS.length],
              "TKT-Due Date": "2026-12-31",
              "TKT-Solution": "Restarted.",
              Colour: "red",
            },
      ),
    };

    test.for(["staged", "filled directly", "planned"] as const)(
      "count for schema drift when the others are %s",
      async (road) => {
        const database = await target.fresh();
        const loader = database.open();
        await load(loader, tickets, bySizes.before);
        if (road === "filled directly") await database.sql(`truncate ${database.table("tickets")}`);
        const outcome =
          road === "planned"
            ? await plan(loader, tickets, bySizes.now)
            : await load(loader, tickets, bySizes.now, { full: true });
        expect(outcome).toMatchObject({
          errors: 40,
          driftWarnings: [{ kind: "new_field", fields: ["Colour"] }],
          drift: { records: 100, unknownFields: new Map([["Colour", 40]]) },
        });
        expect(outcome.drift.absentFields).not.toContain("TKT-Solution");
        expect(outcome.drift.absentFields).not.toContain("TKT-Due Date");
        if (road === "planned") return;
        // 60 rows without a solution, and 40 rejected records with one.
        expect(
          await database.sql(
            `select records, empty from ${database.table("etl_field_profiles")} where field_name = 'TKT-Solution'`,
          ),
        ).toEqual([{ records: 100, empty: 60 }]);
      },
    );

    test.for(["import", "replay", "retry"] as const)(
      "are in the record of a run of kind %s",
      async (kind) => {
        const database = await target.fresh();
        const loader = database.open();
        const [outcome] = await loadDocuments(loader, {
          views: [tickets],
          kind,
          atomic: false,
          errorLimit: { kind: "default" },
          allowShrink: true,
          file: {
            path: "-",
            stdin: Readable.from([Buffer.from(documentOf(bySizes.now))], { objectMode: false }),
          },
          signal: new AbortController().signal,
          onProgress: () => undefined,
          onOutcome: () => undefined,
        });
        expect(outcome).toMatchObject({ status: "partial", errors: 40 });
        expect(
          await database.sql(
            `select unknown_fields, absent_fields ? 'TKT-Solution' as absent from ${database.table("etl_metadata")}`,
          ),
        ).toEqual([{ unknown_fields: { Colour: 40 }, absent: false }]);
      },
    );

    test("are unknown for records that are not objects or not UTF-8, so that no field has vanished", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, desk(60));
      const broken = documentOf(
        Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? [index] : "\ufffd")),
      );
      const bytes = Buffer.from(broken.replaceAll('"\ufffd"', '{"Colour":"\ufffd"}'));
      for (let at = bytes.indexOf("\ufffd"); at !== -1; at = bytes.indexOf("\ufffd"))
        bytes.fill(0xff, at, at + 3);
      const stream = Readable.from([bytes], { objectMode: false });
      expect(await attemptLoad(loader, tickets, stream, { maxErrors: "100%" })).toMatchObject({
        status: "partial",
        errors: 60,
        drift: { records: 0, unknownFields: new Map() },
        driftWarnings: [],
      });
      expect(await load(loader, tickets, desk(60))).toMatchObject({ driftWarnings: [] });
    });
  },
  onOldest,
);

describeEachDatabase(
  "a simulated service desk",
  (target) => {
    test("shows no schema drift from one day to the next or a month later, unless two fields are swapped", async () => {
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
      test("show no schema drift when every second record is missing, but do when teams and categories are swapped", async () => {
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
