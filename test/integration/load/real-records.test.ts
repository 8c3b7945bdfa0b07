import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLoader } from "../../../src/index.ts";
import { chooseDocuments } from "../../../src/loader/choose-documents.ts";
import { NO_ERROR_LIMIT } from "../../../src/load/guards/error-limit.ts";
import { loadDocuments } from "../../../src/loader/load-documents.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import type { LoadRequest } from "../../../src/loader/load-request.ts";
import type { LoadOutcome } from "../../../src/runs/outcome.ts";
import { replayDocuments } from "../../../src/loader/replay-documents.ts";
import { retryRejects } from "../../../src/loader/retry-rejects.ts";
import { viewCatalog, viewNamed } from "../../../src/views/catalog.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import {
  compareRows,
  CONTRACTS,
  type ExpectedTable,
  expectedTable,
  selectCells,
  type SentRecord,
  type ViewContract,
} from "../../support/expected-rows.ts";
import { importFile } from "../../support/import-file.ts";
import { documentOf, loadViews } from "../../support/load-records.ts";
import { temporaryFolder } from "../../support/run-cli.ts";
import { describeWithSharedData } from "../../support/shared-data.ts";
import { inline, number, row, writeWorkbook } from "../../support/workbook.ts";

/** A network never cuts a document where records end. */
const LARGEST_PIECE_BYTES = 150_000;

/** Every record belongs to the judgement, also the 92 timesheets that have no date. */
const LENIENT = { maxErrors: "100%", allowShrink: true } as const;

const request: Omit<LoadRequest, "views" | "atomic"> = {
  errorLimit: NO_ERROR_LIMIT,
  allowShrink: true,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onOutcome: () => undefined,
};

type Records = ReadonlyMap<ViewContract, readonly SentRecord[]>;
type Expected = ReadonlyMap<ViewContract, ExpectedTable>;

describeWithSharedData("the real records", "tickets.json.gz", (tickets) => {
  // Not longer than these tests run: V8 marks what is kept again and again.
  let records: Records;
  let expected: Expected;
  beforeAll(() => {
    records = readRecords(tickets);
    expected = expectedOf(records, "UTC");
  });
  afterAll(() => {
    records = expected = new Map();
  });

  /** A first load of all views, from the API in uneven chunks. */
  async function firstLoad(database: DatabaseUnderTest): Promise<Loader> {
    const api = await serve(records);
    const loader = database.open({ ...api.env, OTC_ARCHIVE_DIR: await temporaryFolder() });
    expectCounts(await loadViews(loader, await viewCatalog(), LENIENT), expected);
    await expectTables(database, expected);
    await expectQuarantine(database, expected);
    return loader;
  }

  describeEachDatabase(
    "arrive cell by cell",
    (target) => {
      test("by a first load from the API in uneven chunks", async () => {
        await firstLoad(await target.fresh());
      });
    },
    ({ name }) => name !== "PostgreSQL 18",
  );

  // The statements of these ways run on every database elsewhere; here they get other values.
  describeEachDatabase(
    "arrive cell by cell",
    (target) => {
      test("in tables that have to be staged", async () => {
        const database = await target.fresh();
        await everyTable(
          database,
          (table) => `create index on ${table} ((extra is null)) where extra is null`,
        );
        const loader = database.open((await serve(records)).env);
        expectCounts(await loadViews(loader, await viewCatalog(), LENIENT), expected);
        await expectTables(database, expected);
        await expectQuarantine(database, expected);
      });

      test("over an older state", async () => {
        const database = await target.fresh();
        const older: Records = new Map(
          Array.from(records, ([contract, sent]) => [contract, olderRecords(contract, sent)]),
        );
        const before = expectedOf(older, "UTC");
        const api = await serve(older);
        const loader = database.open(api.env);
        await loadViews(loader, await viewCatalog(), LENIENT);
        for (const [{ name }, sent] of records) api.documents.set(name, documentOf(sent));
        const outcomes = await loadViews(loader, await viewCatalog(), LENIENT);
        expect(outcomes.map(({ status }) => status)).not.toContain("failed");
        await expectTables(database, expectedOf(records, "UTC", before));
      });

      test("in one transaction", async () => {
        const database = await target.fresh();
        const api = await serve(records);
        const loader = createLoader({ env: { ...PACELESS, ...database.env, ...api.env } });
        try {
          expectCounts(await loader.loadAll({ ...LENIENT, atomic: true }), expected);
        } finally {
          await loader.close();
        }
        await expectTables(database, expected);
        await expectQuarantine(database, expected);
      });
    },
    onOldest,
  );

  describeEachDatabase(
    "arrive cell by cell",
    (target) => {
      test("by a first load from the API in uneven chunks, and again from the archive", async () => {
        const database = await target.fresh();
        const loader = await firstLoad(database);
        await everyTable(database, (table) => `truncate ${table}`);
        const documents = await chooseDocuments(
          { kind: "latest" },
          loader.archive,
          await viewCatalog(),
          undefined,
        );
        expectCounts(await replayDocuments(loader, documents, new PassThrough(), request), expected);
        await expectTables(database, expected);
      });

      test("from compressed files, as wall time of a zone whose clocks change by half an hour", async () => {
        const database = await target.fresh();
        const timeZone = "Australia/Lord_Howe";
        const local = expectedOf(records, timeZone);
        const loader = database.open({ OTC_TIMEZONE: timeZone });
        for (const view of await viewCatalog()) {
          const path = tickets.replace("tickets.json", `${view.name}.json`);
          const file = { path, stdin: Readable.from([]) };
          await loadDocuments(loader, { ...request, views: [view], atomic: false, file });
        }
        await expectTables(database, local);
        await expectQuarantine(database, local);
      });

      test.each([
        { tickets: "csv", comments: "ndjson", timesheets: "json" },
        { tickets: "xlsx", comments: "xlsx", timesheets: "xlsx" },
      ])("by imports of .$tickets, .$comments and .$timesheets files", async (formats) => {
        const database = await target.fresh();
        const loader = database.open();
        const folder = await temporaryFolder();
        for (const [contract, sent] of records) {
          const path = join(folder, `${contract.name}.${formats[contract.name]}`);
          await exportRecords(path, contract, sent);
          const outcome = await importFile(
            loader,
            viewNamed(await viewCatalog(), contract.name),
            path,
            LENIENT,
          );
          if (outcome.status === "failed") throw outcome.error;
        }
        await expectTables(database, expected);
      });

      test("by a reload of records that the database had rejected", async () => {
        const database = await target.fresh();
        const loader = database.open((await serve(records)).env);
        const comments = CONTRACTS.filter(({ name }) => name === "comments");
        const view = viewNamed(await viewCatalog(), "comments");
        const table = database.table("comments");
        await database.sql(`alter table ${table} add constraint refusing check (comment_id % 500 <> 0)`);
        const [refused] = await loadViews(loader, [view], LENIENT);
        expect(refused?.status).toBe("partial");
        await database.sql(`alter table ${table} drop constraint refusing`);
        await retryRejects(loader, [view], {}, request);
        await expectTables(
          database,
          new Map(comments.map((contract) => [contract, expected.get(contract)!])),
        );
      });
    },
    ({ name }) => name === "PostgreSQL 18",
  );
});

/** What `DatabaseUnderTest.open` sets as well: the pace that protects OTC would only make the test slow. */
const PACELESS = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_REQUESTS_PER_HOUR: "100000",
} as const;

/** @param tickets the path of the tickets; the other views are beside it */
function readRecords(tickets: string): Records {
  return new Map(
    CONTRACTS.map((contract) => {
      const document = gunzipSync(readFileSync(tickets.replace("tickets.json", `${contract.name}.json`)));
      return [
        contract,
        (JSON.parse(document.toString("utf8")) as { message: { data: SentRecord[] } }).message.data,
      ];
    }),
  );
}

function expectedOf(records: Records, timeZone: string, before?: Expected): Expected {
  return new Map(
    Array.from(records, ([contract, sent]) => [
      contract,
      expectedTable({ contract, records: sent, timeZone }, before?.get(contract)?.rows),
    ]),
  );
}

function serve(records: Records) {
  const documents = Array.from(records, ([{ name }, sent]) => [name, documentOf(sent)] as const);
  return startDocumentServer(Object.fromEntries(documents), {}, undefined, LARGEST_PIECE_BYTES);
}

/** An earlier night: a third of the records is not there yet, and of the others half say something else. */
function olderRecords(
  { columns, key, insertOnly }: ViewContract,
  records: readonly SentRecord[],
): SentRecord[] {
  const texts = columns.filter(({ field, kind }) => kind === "text" && !key.includes(field));
  return records
    .filter((_, index) => index % 3 !== 0)
    .map((record, index) =>
      index % 2 === 0
        ? record
        : {
            ...record,
            ...Object.fromEntries(texts.map(({ field }) => [field, `older ${index}`])),
            ...Object.fromEntries(insertOnly.map((field) => [field, "2001-02-03T04:05:06Z"])),
          },
    );
}

async function everyTable(database: DatabaseUnderTest, statement: (table: string) => string): Promise<void> {
  for (const { name } of CONTRACTS) await database.sql(statement(database.table(name)));
}

/** Expects what became of every record: a row, a repetition or a rejected record. */
function expectCounts(outcomes: readonly LoadOutcome[], expected: Expected): void {
  const counts = outcomes.map((outcome) => {
    if (outcome.status === "failed") throw outcome.error;
    const { view, errors, updated, inserted } = outcome;
    return { view, errors, updated, inserted };
  });
  expect(counts).toEqual(
    Array.from(expected, ([{ name }, { rows, rejected }]) => ({
      view: name,
      errors: rejected.length,
      updated: 0,
      inserted: rows.size,
    })),
  );
}

/** Expects every cell of the tables, and no other row. */
async function expectTables(database: DatabaseUnderTest, expected: Expected): Promise<void> {
  for (const [contract, { rows }] of expected) {
    const stored = await database.sql<{ cells: string }>(
      selectCells(contract, database.table(contract.name)),
    );
    const { cells, differences } = compareRows(contract, rows, stored);
    expect(differences.slice(0, 10), `${differences.length} of ${cells} cells of ${contract.name}`).toEqual(
      [],
    );
    expect(cells).toBe(rows.size * (contract.columns.length + 1));
  }
}

/** Expects the rejected records of the only run of each view, as they came. */
async function expectQuarantine(database: DatabaseUnderTest, expected: Expected): Promise<void> {
  for (const [{ name }, { rejected }] of expected) {
    const stored = await database.sql<{ position: string; column_name: string; raw_record: string }>(
      `select position::text, column_name, raw_record from ${database.table("etl_rejects")}
        where view_name = $1 order by etl_rejects.position`,
      [name],
    );
    expect(stored.map(({ position, raw_record: raw }) => [Number(position), raw])).toEqual(
      rejected.map(({ position, record }) => [position, JSON.stringify(record)]),
    );
    stored.forEach(({ column_name: blamed }, index) => {
      expect(rejected[index]?.fields).toContain(blamed);
    });
  }
}

type Sent = string | number | boolean | null | undefined;

/** Writes the records as somebody exports them. */
async function exportRecords(
  path: string,
  { columns }: ViewContract,
  records: readonly SentRecord[],
): Promise<void> {
  const fields = columns.map(({ field }) => field);
  const lines = records.map((record) => JSON.stringify(record));
  if (path.endsWith(".ndjson")) await writeFile(path, `${lines.join("\n")}\n`);
  else if (path.endsWith(".json")) await writeFile(path, documentOf(records));
  else if (path.endsWith(".csv")) {
    const rows = [fields, ...records.map((record) => fields.map((field) => record[field] as Sent))];
    await writeFile(path, rows.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join(""));
  } else {
    const cells = (record: SentRecord) => row(...fields.map((field) => workbookCell(record[field] as Sent)));
    const rows = [row(...fields.map(inline)), ...records.map(cells)];
    await writeWorkbook(path, { sheets: [{ name: "Export", rows }] });
  }
}

function csvCell(value: Sent): string {
  if (value === undefined || value === null) return "";
  return `"${String(value).replaceAll('"', '""')}"`;
}

/** XML holds no control characters and makes one line end of two, so Excel writes them as `_x000D_`. */
function workbookCell(value: Sent): string {
  if (value === undefined || value === null) return "<c/>";
  if (typeof value === "number") return number(value);
  const escaped = String(value)
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    // eslint-disable-next-line no-control-regex -- these are what is meant
    .replaceAll(/[\0-\x08\v\f\r\x0e-\x1f\ufffe\uffff]/g, (character) => {
      return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
    });
  return inline(escaped);
}
