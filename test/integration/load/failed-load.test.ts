import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { OtcError } from "../../../src/errors/otc-error.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { beginLoad, documentOf, failingLoad, load, loadViews } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";

async function rows(database: DatabaseUnderTest, table: string): Promise<unknown> {
  const [row] = await database.sql<{ rows: number }>(`select count(*) as rows from ${database.table(table)}`);
  return row?.rows;
}

/** Tables that only live inside a load. */
function leftovers(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    "select relname from pg_class where relname ~ '^etl_(staging|delta)' and relkind in ('r', 't') order by 1",
  );
}

describeEachDatabase("the record of a run", (target) => {
  test("is opened before the document is read, closed with the rows, and adds up", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const document = documentOf([ticket(1), ticket(1), ticket(2, { "TKT-Due Date": "?" }), ticket(3)]);
    const outcome = await load(loader, tickets, document);
    expect(
      await database.sql(
        `select run_id, view_name, load_status, records_fetched, records_inserted, records_updated, records_skipped,
           records_errors, records_unchanged, records_duplicates, error_code, error_message, source,
           payload_bytes, payload_sha256 = encode(sha256(convert_to($1, 'UTF8')), 'hex') as sha, pid, host <> '' as host,
           load_end >= load_start as ended, last_load_time is not null as loaded, load_duration_seconds > 0 as took
         from ${database.table("etl_metadata")}`,
        [document],
      ),
    ).toEqual([
      {
        run_id: outcome.runId,
        view_name: "tickets",
        load_status: "partial",
        records_fetched: 4,
        records_inserted: 2,
        records_updated: 0,
        records_skipped: 1,
        records_errors: 1,
        records_unchanged: 0,
        records_duplicates: 1,
        error_code: null,
        error_message: null,
        source: expect.stringContaining("tickets.json"),
        payload_bytes: Buffer.byteLength(document),
        sha: true,
        pid: process.pid,
        host: true,
        ended: true,
        loaded: true,
        took: true,
      },
    ]);
    expect(await leftovers(database)).toEqual([]);
  });

  test.skipIf(target.engine === "embedded")("says `running` while the load runs", async () => {
    const database = await target.fresh();
    const held = await beginLoad(database.open(), tickets, many(2, ticket));
    expect(await database.sql(`select load_status, load_end from ${database.table("etl_metadata")}`)).toEqual(
      [{ load_status: "running", load_end: null }],
    );
    expect(await rows(database, "tickets")).toBe(0);
    held.finish();
    expect(await held.outcome).toMatchObject({ status: "success", inserted: 2 });
    expect(await database.sql(`select load_status from ${database.table("etl_metadata")}`)).toEqual([
      { load_status: "success" },
    ]);
  });

  test("provides the age of the data", async () => {
    const database = await target.fresh();
    await load(database.open(), tickets, many(3, ticket));
    expect(
      await database.sql(
        `select view_name, last_loaded is not null as loaded, age < interval '1 minute' as fresh, latest_data_date,
           total_records
         from ${database.table("v_data_freshness")} order by view_name`,
      ),
    ).toEqual([
      { view_name: "comments", loaded: false, fresh: null, latest_data_date: null, total_records: 0 },
      {
        view_name: "tickets",
        loaded: true,
        fresh: true,
        latest_data_date: new Date("2025-03-02T09:30:00Z"),
        total_records: 3,
      },
      { view_name: "timesheets", loaded: false, fresh: null, latest_data_date: null, total_records: 0 },
    ]);
  });
});

describeEachDatabase("a load that fails", (target) => {
  test("keeps a record that is not UTF-8 for inspection, even with U+0000 in it", async () => {
    const database = await target.fresh();
    const bytes = Buffer.concat([
      Buffer.from('[{"TKT-Ticket ID":1},{"TKT-Ticket ID":2,"TKT-Title":"'),
      Buffer.from([0xe4, 0x00]),
      Buffer.from('"}]'),
    ]);
    const [outcome] = await loadViews(database.open(), [tickets], {
      stdin: Readable.from([bytes], { objectMode: false }),
    });
    expect(outcome).toMatchObject({ status: "partial", inserted: 1, errors: 1 });
    expect(await database.sql(`select reason, raw_record from ${database.table("etl_rejects")}`)).toEqual([
      { reason: "invalid_utf8", raw_record: '{"TKT-Ticket ID":2,"TKT-Title":"\uFFFD\\u0000"}' },
    ]);
  });

  test("because it was aborted rolls back, and records the reason", async () => {
    const database = await target.fresh();
    const server = await startDocumentServer(
      { tickets: documentOf(many(200, ticket)) },
      { 1: { kind: "stall-body", bytes: 2000 } },
    );
    const loader = database.open(server.env);
    await load(loader, tickets, [ticket(1)]);
    const abort = new AbortController();
    const [outcome] = await loadViews(loader, [tickets], {
      signal: abort.signal,
      onProgress: ({ step }) => {
        if (step === "stage") abort.abort(new OtcError("interrupted", "Interrupted by the test."));
      },
    });
    expect(outcome).toMatchObject({ status: "failed", error: { message: "Interrupted by the test." } });
    expect(await rows(database, "tickets")).toBe(1);
    expect(
      await database.sql(
        `select load_status, error_code, error_message from ${database.table("etl_metadata")} order by run_id`,
      ),
    ).toEqual([
      { load_status: "success", error_code: null, error_message: null },
      { load_status: "failed", error_code: "interrupted", error_message: "Interrupted by the test." },
    ]);
    expect(await leftovers(database)).toEqual([]);
  });

  test("because it was aborted ends even while standard input is silent", async () => {
    const database = await target.fresh();
    const abort = new AbortController();
    const held = await beginLoad(database.open(), tickets, many(3, ticket), { signal: abort.signal });
    abort.abort(new OtcError("interrupted", "Interrupted by the test."));
    const outcome = await Promise.race([held.outcome, sleep(20_000, "still running")]);
    // So that the test itself ends, whatever the loader does.
    held.finish();
    await held.outcome;
    expect(outcome).toMatchObject({ status: "failed", error: { message: "Interrupted by the test." } });
    expect(await rows(database, "tickets")).toBe(0);
  });
});

/** Documents that fail in different steps are tried on all databases by the faults of sources. */
describeEachDatabase(
  "a load that fails because of its document",
  (target) => {
    test.for([
      ["cut short", '{"message":{"data":[{"TKT-Ticket ID":2},{"TKT-Tick', "document"],
      ["without its end", '{"message":{"data":[{"TKT-Ticket ID":2}', "document"],
      ["that closes too little", '{"message":{"data":[{"TKT-Ticket ID":2}]}', "document"],
      ["with a damaged record", '[{"TKT-Ticket ID":2},{"TKT-Ticket ID":}]', "document"],
      ["with U+0000 in the bytes", '[{"TKT-Ticket ID":2},{"TKT-Ticket ID":\u00003}]', "document"],
      ["that is an error", '{"error":{"code":17,"message":"no such view"}}', "document"],
      ["that is a web page", "<!doctype html><title>Log in</title>", "document"],
      ["that is empty", "", "document"],
    ] as const)("%s leaves the table as it was and says why", async ([, document, code]) => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, [ticket(1)]);
      const failed = await failingLoad(loader, tickets, document);
      expect(failed.error).toMatchObject({ code });
      expect(await rows(database, "tickets")).toBe(1);
      expect(
        await database.sql(
          `select run_id, error_code, records_inserted, load_end is not null as ended, length(error_message) > 10 as said,
             error_remedy as remedy
         from ${database.table("etl_metadata")} where load_status <> 'success'`,
        ),
      ).toEqual([
        {
          run_id: failed.runId,
          error_code: code,
          records_inserted: 0,
          ended: true,
          said: true,
          remedy: "remedy" in failed.error ? (failed.error.remedy ?? null) : null,
        },
      ]);
      expect(await leftovers(database)).toEqual([]);
    });
  },
  onOldest,
);

describeEachDatabase("a load of all views", (target) => {
  const views = [tickets, comments, timesheets];
  const documents = {
    tickets: documentOf(many(3, ticket)),
    comments: documentOf(many(2, comment)),
    timesheets: documentOf([timesheet("ann")]),
  };

  test("loads the others when one fails", async () => {
    const database = await target.fresh();
    const server = await startDocumentServer(documents, { 2: { kind: "status", status: 403 } });
    const outcomes = await loadViews(database.open(server.env), views);
    expect(outcomes).toMatchObject([
      { view: "tickets", status: "success", inserted: 3 },
      { view: "comments", status: "failed", error: { code: "source_rejected" } },
      { view: "timesheets", status: "success", inserted: 1 },
    ]);
    expect(
      await database.sql(
        `select view_name, load_status, source from ${database.table("etl_metadata")} order by run_id`,
      ),
    ).toEqual([
      { view_name: "tickets", load_status: "success", source: `${server.url}?id=tickets` },
      { view_name: "comments", load_status: "failed", source: `${server.url}?id=comments` },
      { view_name: "timesheets", load_status: "success", source: `${server.url}?id=timesheets` },
    ]);
  });

  test("in one transaction keeps nothing when one fails, and everything when none fails", async () => {
    const database = await target.fresh();
    const server = await startDocumentServer(documents, { 3: { kind: "status", status: 404 } });
    const loader = database.open(server.env);
    const outcomes = await loadViews(loader, views, { atomic: true });
    expect(outcomes).toMatchObject([
      {
        view: "tickets",
        status: "failed",
        inserted: 0,
        error: { message: expect.stringMatching(/^Rolled back with/) },
      },
      {
        view: "comments",
        status: "failed",
        inserted: 0,
        error: { message: expect.stringMatching(/^Rolled back with/) },
      },
      { view: "timesheets", status: "failed", error: { code: "source_rejected" } },
    ]);
    for (const view of views) expect(await rows(database, view.table)).toBe(0);
    expect(
      await database.sql(
        `select load_status, count(*) as runs from ${database.table("etl_metadata")} group by 1`,
      ),
    ).toEqual([{ load_status: "failed", runs: 3 }]);

    expect(await loadViews(loader, views, { atomic: true })).toMatchObject([
      { status: "success", inserted: 3 },
      { status: "success", inserted: 2 },
      { status: "success", inserted: 1 },
    ]);
    expect(await leftovers(database)).toEqual([]);
  });
});
