import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { importFile } from "../../support/import-file.ts";
import { failingLoad, load } from "../../support/load-records.ts";
import { fileOf } from "../../support/record-file.ts";
import { temporaryFolder } from "../../support/run-cli.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { inline, number, row, writeWorkbook } from "../../support/workbook.ts";

/** The same four entries as the API serves them and as people export them. */
const ENTRIES = [
  ["ann", "2024-03-05", "09:30", 7, 7.5, true, 'a; "quoted"\r\ntext', "red"],
  ["ann", "2024-03-05", "13:00", 12345678, 0.1, false, "", null],
  ["bob", "2024-03-06 08:15:00", null, null, 8, true, "ünïcode", "blue"],
  ["bob", "2024-03-06 08:15:00", null, null, 8, true, "ünïcode, the last", "blue"],
] as const;

const FIELDS = [
  "TS-User Username",
  "TS-Date",
  "TS-Time From",
  "TS-Crm ID",
  "TS-Hours",
  "TS-Billable",
  "TS-Description",
  "Colour",
];

const RECORDS = ENTRIES.map((entry) =>
  Object.fromEntries(
    FIELDS.flatMap((field, index) => (entry[index] === null ? [] : [[field, entry[index]]])),
  ),
);

const COUNTS = { status: "success", fetched: 4, errors: 0, duplicates: 1 };
const FIRST = { ...COUNTS, inserted: 3, updated: 0, unchanged: 0 };
const AGAIN = { ...COUNTS, inserted: 0, updated: 0, unchanged: 3 };

async function workbookOfEntries(): Promise<string> {
  const serials: Readonly<Record<string, number>> = {
    "2024-03-05": 45356,
    "2024-03-06 08:15:00": 45357.34375,
  };
  const path = join(await temporaryFolder(), "entries.xlsx");
  await writeWorkbook(path, {
    formats: ["d/m/yyyy"],
    sheets: [
      {
        name: "Entries",
        rows: [
          row(...FIELDS.toReversed().map(inline)),
          ...ENTRIES.map((entry, position) =>
            row(
              ...entry
                .map((value, index) => {
                  if (value === null) return "<c/>";
                  if (typeof value === "boolean") return `<c t="b"><v>${value ? 1 : 0}</v></c>`;
                  if (typeof value === "number") return number(value);
                  // The first day in its style, the others as bare numbers in a column of times.
                  if (index === 1) return number(serials[value] ?? 0, position === 0 ? 1 : undefined);
                  return inline(value.replace("\r", "_x000D_"));
                })
                .toReversed(),
            ),
          ),
        ],
      },
    ],
  });
  return path;
}

function csvOfEntries(delimiter: string): Promise<string> {
  const cell = (value: string | number | boolean | null) =>
    value === null ? "" : `"${String(value).replaceAll('"', '""')}"`;
  const lines = [FIELDS.map((field) => field.toUpperCase().replace("COLOUR", "Colour")), ...ENTRIES].map(
    (entry) => entry.map(cell).join(delimiter),
  );
  return fileOf("entries.csv", `\uFEFF${lines.join("\r\n")}\r\n`);
}

describeEachDatabase("an import", (target) => {
  test("of any format has the same result as a load of the same records, in any order", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const lines = RECORDS.map((record) => JSON.stringify(record)).join("\n");
    const table = () =>
      database.sql(
        `select to_jsonb(t) - 'etl_fingerprint' as entry from ${database.table("timesheets")} t order by "TS-Hours"`,
      );

    expect(await importFile(loader, timesheets, await workbookOfEntries())).toMatchObject(FIRST);
    const imported = await table();
    expect(await load(loader, timesheets, RECORDS)).toMatchObject(AGAIN);
    await database.sql(`delete from ${database.table("timesheets")}`);
    expect(await load(loader, timesheets, RECORDS)).toMatchObject(FIRST);
    expect(await table()).toEqual(imported);

    for (const path of [
      await workbookOfEntries(),
      await csvOfEntries(","),
      await csvOfEntries(";"),
      await fileOf("entries.ndjson", lines),
      await fileOf("entries.json", JSON.stringify({ data: RECORDS }).replaceAll("TS-Date", "ts-date")),
    ]) {
      expect(await importFile(loader, timesheets, path), path).toMatchObject(AGAIN);
    }
  });

  test("keeps rejected rows unchanged, is recorded as an import, and does not count for the shrink guard", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, many(10, ticket));
    const path = await fileOf(
      "part.csv",
      "Number,TKT-Title,TKT-Due Date\n1,new title,\n2,unquoted, comma,5/3/2024\n3,t,31/02/2024\n",
    );
    expect(await importFile(loader, tickets, path, { maps: ["number=TKT-Ticket ID"] })).toMatchObject({
      status: "partial",
      fetched: 3,
      updated: 1,
      errors: 2,
    });
    expect(
      await database.sql(
        `select position, reason, column_name, raw_record from ${database.table("etl_rejects")} order by 1`,
      ),
    ).toEqual([
      {
        position: 2,
        reason: "not_an_object",
        column_name: null,
        raw_record: '["2","unquoted"," comma","5/3/2024"]',
      },
      {
        position: 3,
        reason: "invalid_timestamp",
        column_name: "TKT-Due Date",
        raw_record: '{"TKT-Ticket ID":"3","TKT-Title":"t","TKT-Due Date":"31/02/2024"}',
      },
    ]);
    // Ten are still the measure, not the three of the import.
    expect(await failingLoad(loader, tickets, many(4, ticket))).toMatchObject({ error: { code: "guard" } });
    expect(
      await database.sql(`select source, load_status from ${database.table("etl_metadata")} order by run_id`),
    ).toEqual([
      { source: expect.stringContaining("tickets.json"), load_status: "success" },
      { source: path, load_status: "partial" },
      { source: expect.stringContaining("tickets.json"), load_status: "failed" },
    ]);
  });

  test("gives records without numeric ids a key that the next import finds again", async () => {
    const database = await target.fresh();
    const lines: string[] = [];
    const loader = database.open({}, pino({ level: "warn" }, { write: (line) => lines.push(line) }));
    const csv = await fileOf("incident.csv", "Number,Title\nINC0010001,one\nINC0010002,two\nnone,three\n");
    const fromDigits = {
      maps: ["Number=TKT-Ticket ID", "Title=TKT-Title"],
      key: { kind: "digits" },
      maxErrors: "1",
    } as const;
    expect(await importFile(loader, tickets, csv, fromDigits)).toMatchObject({ inserted: 2, errors: 1 });
    expect(await importFile(loader, tickets, csv, fromDigits)).toMatchObject({ unchanged: 2, errors: 1 });
    // The columns of a file are its own.
    expect(lines.join("")).toContain("no record has these fields");
    expect(lines.join("")).not.toContain("schema drift");
    const json = await fileOf(
      "tickets.ndjson",
      '{"Caller":"ann","Title":"a"}\n{"Title":"b","Caller":"bob"}\n',
    );
    const table = await fileOf("tickets.csv", "Title,Caller\nb,bob\na,ann\na,ann\n");
    const generated = { maps: ["Title=TKT-Title"], key: { kind: "generated", columns: [] } } as const;
    expect(await importFile(loader, tickets, json, generated)).toMatchObject({ inserted: 2 });
    expect(await importFile(loader, tickets, table, generated)).toMatchObject({
      unchanged: 2,
      duplicates: 1,
    });
    expect(
      await database.sql(
        `select greatest("TKT-Ticket ID", 0) as id, "TKT-Title" as title, extra ->> 'Number' as number
         from ${database.table("tickets")} order by title`,
      ),
    ).toEqual([
      { id: 0, title: "a", number: null },
      { id: 0, title: "b", number: null },
      { id: 10001, title: "one", number: "INC0010001" },
      { id: 10002, title: "two", number: "INC0010002" },
    ]);
    const mixed = await fileOf("mixed.csv", "Number,Title\nINC0010003,new\nREQ0010003,other\n");
    expect(await importFile(loader, tickets, mixed, fromDigits)).toMatchObject({
      status: "failed",
      error: { message: expect.stringContaining("REQ0010003") },
    });
  });
});
