import { expect, onTestFinished, test } from "vitest";
import { gzipSync } from "node:zlib";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ErrorCode } from "../../../src/errors/otc-error.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import {
  expectUntouched,
  FIRST,
  seed,
  SECOND,
  SECOND_DOCUMENT,
  withLoader,
} from "../../support/aftermath.ts";
import { type Fault, startDocumentServer } from "../../support/document-server.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { attemptLoad, documentOf, loadViews } from "../../support/load-records.ts";
import { ticket } from "../../support/sample-records.ts";

const MILLION = 1_000_000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Every record's title has an é, one byte in Latin-1 and no UTF-8. */
const LATIN1 = Buffer.from(
  documentOf(Array.from({ length: 150 }, (_, index) => ticket(index + 1, { "TKT-Title": "Café" }))),
  "latin1",
);

interface Case {
  readonly fault: Fault;
  readonly code: ErrorCode;
  readonly message: RegExp;
}

const body = (text: string | Buffer, code: ErrorCode, message: RegExp): Case => ({
  fault: { kind: "body", body: text },
  code,
  message,
});

/** 90 MB of records in 100 kB. */
const DENSE = gzipSync(`[${`{"TKT-Ticket ID":1,"TKT-Title":"${"x".repeat(9000)}"},`.repeat(10_000)}{}]`);

/** What one answer can be like instead of a document, and what the run's record then says. */
const FAULTS: Readonly<Record<string, Case>> = {
  "data that becomes hundreds of times larger": {
    fault: { kind: "body", body: DENSE, headers: { "content-encoding": "gzip" } },
    code: "document",
    message: /The gzip data becomes more than 200 times larger: \d+ bytes from \d+ bytes/,
  },
  "a reset before the first byte": {
    fault: { kind: "reset", bytes: 0 },
    code: "source",
    message: /The connection to .* failed/,
  },
  "a reset in the body": {
    fault: { kind: "reset", bytes: 5000 },
    code: "source",
    message: /The connection to .* failed/,
  },
  "a body shorter than announced": {
    fault: { kind: "cut-length", bytes: 5000 },
    code: "source",
    message: /The connection to .* failed/,
  },
  "a cut behind a clean chunked end": {
    fault: { kind: "cut-chunked", bytes: 5000 },
    code: "document",
    message: /is incomplete: it ends after \d+ records? and/,
  },
  "a cut between two records": {
    fault: { kind: "cut-chunked", bytes: SECOND_DOCUMENT.indexOf(',{"TKT', 5000) },
    code: "document",
    message: /is incomplete/,
  },
  "headers that never come": { fault: { kind: "stall-headers" }, code: "source", message: /sent nothing/ },
  "a body that stops for ever": {
    fault: { kind: "stall-body", bytes: 5000 },
    code: "source",
    message: /sent nothing for 0\.3 s/,
  },
  "gzip cut short": {
    fault: { kind: "encoding", encoding: "gzip", cutBytes: 40 },
    code: "document",
    message: /damaged or was cut short/,
  },
  "401": { fault: { kind: "status", status: 401 }, code: "source_rejected", message: /status 401/ },
  "403": { fault: { kind: "status", status: 403 }, code: "source_rejected", message: /status 403/ },
  "404": { fault: { kind: "status", status: 404 }, code: "source_rejected", message: /status 404/ },
  "429": { fault: { kind: "status", status: 429 }, code: "source", message: /status 429/ },
  "500": { fault: { kind: "status", status: 500 }, code: "source", message: /status 500/ },
  "a web page": body("<html>\u001b[2J<h1>Login</h1></html>", "document", /a web page, not JSON/),
  "an error object": body('{"error":{"code":7,"message":"quota"}}', "document", /no list of records.*quota/),
  "an empty body": body("", "document", /The response is empty/),
  "an empty list": body('{"data":[]}', "guard", /0 records, fewer than half of the last load's 20/),
  "a list much shorter than the last": body(documentOf(FIRST.slice(0, 9)), "guard", /9 records, fewer/),
  "a record broken in the middle": body(
    SECOND_DOCUMENT.replace('"TKT-Title":"Ticket 30"', '"TKT-Title":Ticket 30'),
    "document",
    /Record 30 of the document is not valid JSON/,
  ),
  "a record that swallows the rest": body(
    SECOND_DOCUMENT.replace('"TKT-Title":"Ticket 30"', '"TKT-Title":"Ticket 30'),
    "document",
    /Record 30 of the document is not valid JSON|is incomplete/,
  ),
  "a record beyond the limit": body(
    documentOf([...FIRST, ticket(99, { "TKT-Description": "x".repeat(20_000) })]),
    "document",
    /Record 21 of the document is larger than 16384 bytes/,
  ),
  "Latin-1 throughout": body(LATIN1, "guard", /150 of 150 records cannot be loaded/),
  "a picture": body(PNG, "document", /not JSON/),
  "lists a million deep": body("[".repeat(MILLION) + "]".repeat(MILLION), "document", /larger than 16384/),
  "objects a million deep": body(
    '{"a":'.repeat(MILLION) + "1" + "}".repeat(MILLION),
    "document",
    /not JSON|no list of records/,
  ),
};

const ENV = {
  OTC_RETRIES: "0",
  OTC_TIMEOUT_MS: "300",
  OTC_BREAKER_FAILURES: "1000",
  OTC_MAX_RECORD_BYTES: "16384",
};

describeEachDatabase(
  "a response that is not a document",
  (target) => {
    test.for(Object.entries(FAULTS))("fails the load and changes nothing: %s", async ([, expected]) => {
      const database = await target.fresh();
      const server = await startDocumentServer({ tickets: SECOND_DOCUMENT }, { 1: expected.fault });
      const loader = database.open({ ...server.env, ...ENV });
      const before = await seed(database, loader);
      const [outcome] = await loadViews(loader, [tickets]);
      expect(outcome).toMatchObject({ status: "failed", error: { code: expected.code } });
      expect(server.requests).toHaveLength(1);
      await expectUntouched(database, before, { status: "failed", ...expected }, loader);
    });

    test("fails the load and changes nothing: nothing listens", async () => {
      const nobody = createServer().listen(0, "127.0.0.1");
      await once(nobody, "listening");
      const { port } = nobody.address() as AddressInfo;
      nobody.close();
      await once(nobody, "close");
      const database = await target.fresh();
      const server = await startDocumentServer({});
      const url = `http://127.0.0.1:${port}/`;
      const loader = database.open({ ...server.env, ...ENV, OTC_API_URL: url });
      const before = await seed(database, loader);
      await loadViews(loader, [tickets]);
      const recorded = { status: "failed", code: "source", message: /ECONNREFUSED/ } as const;
      await expectUntouched(database, before, recorded, loader);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

/** Those that break off in different steps of a load; on one database after the other, as a bad week would have them. */
const BAD_WEEK = [
  "401",
  "a reset in the body",
  "a cut behind a clean chunked end",
  "a body that stops for ever",
  "gzip cut short",
  "a record broken in the middle",
  "Latin-1 throughout",
  "an empty list",
];

describeEachDatabase("a document from OTC", (target) => {
  test("that fails eight times in a row leaves every row unchanged and every reason recorded", async () => {
    const database = await target.fresh();
    const faults = BAD_WEEK.map((name) => FAULTS[name]!);
    const server = await startDocumentServer(
      { tickets: SECOND_DOCUMENT },
      Object.fromEntries(faults.map(({ fault }, index) => [index + 1, fault])),
    );
    const loader = database.open({ ...server.env, ...ENV });
    const before = await seed(database, loader);
    for (const { code } of faults) {
      expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "failed", error: { code } }]);
    }
    const runs = await database.sql<{ message: string }>(
      `select error_message as message from ${database.table("etl_metadata")} where load_status = 'failed' order by run_id`,
    );
    expect(runs).toHaveLength(faults.length);
    faults.forEach(({ message }, index) => {
      expect(runs[index]?.message).toMatch(message);
    });
    await expectUntouched(database, before, { status: "failed", ...faults.at(-1)! }, loader);
  });

  // PostgreSQL 15, and a schema's name, make no difference to what follows.
  if (target.name !== "PostgreSQL 18" && target.name !== "embedded") return;

  test("fails after its retries, and each retry is counted", async () => {
    const database = await target.fresh();
    const fault: Fault = { kind: "status", status: 500 };
    const server = await startDocumentServer({}, { 1: fault, 2: fault, 3: fault });
    const loader = database.open({ ...server.env, OTC_RETRIES: "2" });
    const before = await seed(database, loader);
    expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "failed" }]);
    expect(server.requests).toHaveLength(3);
    const [run] = await database.sql(
      `select retries from ${database.table("etl_metadata")} where load_status = 'failed'`,
    );
    expect(run).toEqual({ retries: 2 });
    const [asked] = await database.sql(
      `select count(*)::int as count from ${database.table("etl_requests")} where answered_at is not null`,
    );
    expect(asked).toEqual({ count: 3 });
    const recorded = { status: "failed", code: "source", message: /status 500/ } as const;
    await expectUntouched(database, before, recorded, loader);
  });

  test("has only those records quarantined that are not UTF-8, or nested a million levels deep", async () => {
    const database = await target.fresh();
    const deep = `{"TKT-Ticket ID":2,"x":${"[".repeat(MILLION)}${"]".repeat(MILLION)}}`;
    const broken = '{"TKT-Ticket ID":3,"TKT-Title":"Caf\u00e9"}';
    const document = Buffer.concat([
      Buffer.from(`[{"TKT-Ticket ID":1},${deep},`),
      Buffer.from(broken, "latin1"),
      Buffer.from(',{"TKT-Ticket ID":4}]'),
    ]);
    const server = await startDocumentServer({}, { 1: { kind: "body", body: document } });
    const [outcome] = await loadViews(database.open(server.env), [tickets]);
    expect(outcome).toMatchObject({ status: "partial", fetched: 4, inserted: 2, errors: 2 });
    expect(
      await database.sql(
        `select position, reason, length(raw_record) as length from ${database.table("etl_rejects")} order by position`,
      ),
    ).toEqual([
      { position: 2, reason: "too_complex", length: deep.length },
      { position: 3, reason: "invalid_utf8", length: broken.length },
    ]);
  });

  test("may contain a key twice, of which the last one wins, and a key named __proto__", async () => {
    const database = await target.fresh();
    const document =
      '[{"TKT-Ticket ID":1,"TKT-Title":"first","TKT-Ticket ID":2,"TKT-Title":"second",' +
      '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"extra":{"polluted":true}}]';
    const server = await startDocumentServer({ tickets: document });
    const [outcome] = await loadViews(database.open(server.env), [tickets]);
    expect(outcome).toMatchObject({ status: "success", inserted: 1 });
    expect(
      await database.sql(
        `select "TKT-Ticket ID" as id, "TKT-Title" as title, extra::text from ${database.table("tickets")}`,
      ),
    ).toEqual([
      {
        id: 2,
        title: "second",
        extra: expect.stringContaining('"__proto__": {"polluted": true}'),
      },
    ]);
    expect({}).not.toHaveProperty("polluted");
    onTestFinished(() => {
      // Should it have been polluted, the other tests must not suffer.
      delete (Object.prototype as { polluted?: unknown }).polluted;
    });
  });
});

describeEachDatabase(
  "a response that a retry overcomes",
  (target) => {
    test.for<[name: string, waitMs: number | undefined]>([
      ["500", undefined],
      ["429 without Retry-After", undefined],
      ["429 with a date in Retry-After", 3000],
    ])("is retried after %s", async ([name, waitMs]) => {
      const database = await target.fresh();
      const status = Number.parseInt(name);
      const date = waitMs === undefined ? undefined : new Date(Date.now() + waitMs).toUTCString();
      const server = await startDocumentServer(
        { tickets: SECOND_DOCUMENT },
        { 1: { kind: "status", status, headers: date === undefined ? {} : { "retry-after": date } } },
      );
      const [outcome] = await loadViews(database.open(server.env), [tickets]);
      expect(outcome).toMatchObject({ status: "success", inserted: 60, metrics: { retries: 1 } });
      expect(server.requests).toHaveLength(2);
      const askedAgain = performance.timeOrigin + server.requests[1]!.at;
      // The clock of the date may be set while a test runs, the other one not.
      if (date !== undefined) expect(askedAgain).toBeGreaterThan(Date.parse(date) - 100);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase("a document that is larger than allowed", (target) => {
  test("is refused with the setting that allows it, and changes nothing", async () => {
    const database = await target.fresh();
    const before = await seed(database);
    const bytes = Buffer.byteLength(SECOND_DOCUMENT);
    const env = { ...database.env, OTC_MAX_DOCUMENT_BYTES: String(bytes - 1) };
    const outcome = await withLoader({ ...database, env }, (loader) => attemptLoad(loader, tickets, SECOND));
    expect(outcome).toMatchObject({
      status: "failed",
      error: {
        code: "document",
        message: `The document is larger than ${bytes - 1} bytes, decompressed.`,
        remedy: expect.stringContaining("OTC_MAX_DOCUMENT_BYTES"),
      },
    });
    await expectUntouched(database, before, { status: "failed", code: "document" });
  });
});
