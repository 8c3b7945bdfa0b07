import { expect, test } from "vitest";
import { changeTimeZone } from "../../../src/loader/change-time-zone.ts";
import { loadDocuments } from "../../../src/loader/load-documents.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import type { CommittedLoad } from "../../../src/runs/outcome.ts";
import { SourceError } from "../../../src/errors/source-error.ts";
import type { DocumentSource } from "../../../src/source/document-source.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { apiSourceOf, documentOf, load } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

const ROWS = 30;
const records = many(ROWS, (number) => ticket(number));

const first = ticket(1);

/** Record 1 as it is after a change. */
const changed = ticket(1, { "TKT-Title": "changed" });

/** How many records the last load recognized, and how many it compared although they had not changed. */
async function lastRun(database: DatabaseUnderTest): Promise<unknown> {
  const [run] = await database.sql(
    `select records_known as known, records_reformatted as reformatted
     from ${database.table("etl_metadata")} order by run_id desc limit 1`,
  );
  return run;
}

function titleOfTicket1(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    `select "TKT-Title" as title from ${database.table("tickets")} where "TKT-Ticket ID" = 1`,
  );
}

/** Loads the records from a source that can be read again and calls `meanwhile` once, before the last byte comes. */
async function loadWith(
  loader: Loader,
  sent: readonly unknown[],
  meanwhile: () => Promise<unknown>,
): Promise<CommittedLoad> {
  const document = Buffer.from(documentOf(sent));
  let isFirst = true;
  return loadFrom(loader, {
    kind: "file",
    canReopen: true,
    origin: "a test",
    open: () =>
      Promise.resolve(
        (async function* () {
          yield document.subarray(0, -1);
          if (isFirst) await meanwhile();
          isFirst = false;
          yield document.subarray(-1);
        })(),
      ),
  });
}

async function loadFrom(loader: Loader, source: DocumentSource): Promise<CommittedLoad> {
  const [outcome] = await loadDocuments(loader, {
    views: [tickets],
    atomic: false,
    errorLimit: { kind: "default" },
    allowShrink: false,
    sourceOf: () => source,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onOutcome: () => undefined,
  });
  if (outcome === undefined || outcome.status === "failed") throw outcome?.error ?? new Error("no outcome");
  return outcome;
}

describeEachDatabase("a load of a table whose rows are known", (target) => {
  test("converts and stages only records that are new or have changed", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, records);
    const night = [changed, ...records.slice(1), ticket(ROWS + 1)];
    expect(await load(loader, tickets, night)).toMatchObject({
      fetched: ROWS + 1,
      inserted: 1,
      updated: 1,
      unchanged: ROWS - 1,
      duplicates: 0,
    });
    expect(await lastRun(database)).toEqual({ known: ROWS - 1, reformatted: 0 });
    expect(await titleOfTicket1(database)).toEqual([{ title: "changed" }]);
    expect(await load(loader, tickets, night)).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: ROWS + 1,
    });
    expect(await lastRun(database)).toEqual({ known: ROWS + 1, reformatted: 0 });
  });

  test("finds entries without a ticket and a beginning again, whose keys have nulls", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const entries = ["anna", "bernd"].flatMap((user) => [
      timesheet(user, { "TS-Crm ID": null, "TS-Time From": "" }),
      timesheet(user, { "TS-Crm ID": 7 }),
    ]);
    await load(loader, timesheets, entries);
    const [first] = entries;
    expect(
      await load(loader, timesheets, [{ ...first, "TS-Hours": "99.5" }, ...entries.slice(1)]),
    ).toMatchObject({ inserted: 0, updated: 1, unchanged: entries.length - 1 });
    expect(await lastRun(database)).toEqual({ known: entries.length - 1, reformatted: 0 });
  });

  test("compares a row again that somebody else has changed, also one that was changed back", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, records);
    const table = database.table("tickets");
    await database.sql(`update ${table} set "TKT-Title" = 'by hand' where "TKT-Ticket ID" <= 2`);
    await database.sql(`update ${table} set "TKT-Team" = "TKT-Team" where "TKT-Ticket ID" = 3`);
    expect(await load(loader, tickets, records)).toMatchObject({ updated: 2, unchanged: ROWS - 2 });
    expect(await lastRun(database)).toEqual({ known: ROWS - 3, reformatted: 1 });
    expect(await load(loader, tickets, records)).toMatchObject({ updated: 0, unchanged: ROWS });
    expect(await lastRun(database)).toEqual({ known: ROWS, reformatted: 0 });
  });

  test("compares every record with --full, and reports the rows whose fingerprints were wrong", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, records);
    expect(await load(loader, tickets, records, { full: true })).toMatchObject({
      unchanged: ROWS,
      wrongFingerprints: 0,
    });
    // As logical replication and pg_restore --disable-triggers write.
    await database.sql(
      `do $$ begin
         set local session_replication_role = replica;
         update ${database.table("tickets")} set "TKT-Title" = 'unseen' where "TKT-Ticket ID" = 1;
       end $$`,
    );
    expect(await load(loader, tickets, records)).toMatchObject({ updated: 0, unchanged: ROWS });
    expect(await load(loader, tickets, records, { full: true })).toMatchObject({
      updated: 1,
      unchanged: ROWS - 1,
      wrongFingerprints: 1,
    });
    expect(await titleOfTicket1(database)).toEqual([{ title: "Ticket 1" }]);
  });

  test("asks OTC before it reads which rows are known", async (context) => {
    if (target.engine === "embedded") context.skip("The embedded database has one session.");
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, records);
    const writer = await database.open().database();
    const [locked, asked] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    // No fingerprint can be read before this transaction ends.
    const writing = writer.transaction(async (transaction) => {
      await transaction.query(`lock table ${database.table("tickets")} in row exclusive mode`);
      locked.resolve(undefined);
      await asked.promise;
    });
    await locked.promise;
    try {
      const outcome = await loadFrom(loader, {
        ...apiSourceOf(records),
        async open(signal, gate) {
          await gate.enter("1", signal);
          asked.resolve(undefined);
          return apiSourceOf(records).open(signal, gate);
        },
      });
      expect(outcome).toMatchObject({ updated: 0, unchanged: ROWS });
    } finally {
      asked.resolve(undefined);
      await writing;
    }
    expect(await lastRun(database)).toEqual({ known: ROWS, reformatted: 0 });
  });

  test("asks OTC again when the answer fails while the known rows are read", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_REQUEST_INTERVAL_MS: "0", OTC_RETRY_BASE_MS: "1" });
    await load(loader, tickets, records);
    let requests = 0;
    const outcome = await loadFrom(loader, {
      ...apiSourceOf(records),
      async open(signal, gate) {
        await gate.enter("1", signal);
        requests += 1;
        if (requests > 1) return apiSourceOf(records).open(signal, gate);
        await gate.leave();
        throw new SourceError("source", "OTC broke off.", { retryable: true });
      },
    });
    expect(outcome).toMatchObject({ updated: 0, unchanged: ROWS });
    expect(await lastRun(database)).toEqual({ known: ROWS, reformatted: 0 });
    expect(
      await database.sql(
        `select count(*)::int as sent, count(answered_at)::int as answered from ${database.table("etl_requests")}`,
      ),
    ).toEqual([{ sent: 2, answered: 1 }]);
  });

  test("fetches the document again when another session changes a known row meanwhile", async (context) => {
    if (target.engine === "embedded") context.skip("The embedded database has one session.");
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, records);
    const outcome = await loadWith(loader, records, () =>
      database.sql(
        `update ${database.table("tickets")} set "TKT-Title" = 'meanwhile' where "TKT-Ticket ID" = 1`,
      ),
    );
    expect(outcome).toMatchObject({ updated: 1, unchanged: ROWS - 1 });
    expect(await titleOfTicket1(database)).not.toEqual([{ title: "meanwhile" }]);
  });
});

describeEachDatabase(
  "a load of a table whose rows are known, in detail",
  (target) => {
    test.for([
      { order: "known, changed", sent: [first, changed], title: "changed", updated: 1, unchanged: 0 },
      { order: "changed, known", sent: [changed, first], title: null, updated: 0, unchanged: 1 },
      {
        order: "known, changed, known",
        sent: [first, changed, first],
        title: null,
        updated: 0,
        unchanged: 1,
      },
      { order: "known, known", sent: [first, first], title: null, updated: 0, unchanged: 1 },
      {
        order: "changed, known, changed",
        sent: [changed, first, changed],
        title: "changed",
        updated: 1,
        unchanged: 0,
      },
    ])(
      "lets the last of several records with one key win: $order",
      async ({ sent, title, updated, unchanged }) => {
        const database = await target.fresh();
        const loader = database.open();
        await load(loader, tickets, records);
        const [before] = await titleOfTicket1(database);
        expect(await load(loader, tickets, [...records.slice(1), ...sent])).toMatchObject({
          fetched: ROWS - 1 + sent.length,
          inserted: 0,
          updated,
          unchanged: ROWS - 1 + unchanged,
          duplicates: sent.length - 1,
          skipped: ROWS - 1 + unchanged + sent.length - 1,
        });
        expect(await titleOfTicket1(database)).toEqual([title === null ? before : { title }]);
      },
    );

    test("compares every row when another time zone says what the records mean", async () => {
      const database = await target.fresh();
      const wallTime = many(ROWS, (number) => ticket(number, { "TKT-Due Date": "2024-05-01 09:00" }));
      const inUtc = database.open();
      await load(inUtc, tickets, wallTime);
      await inUtc.close();
      const inPerth = database.open({ OTC_TIMEZONE: "Australia/Perth" });
      await changeTimeZone(inPerth, "Australia/Perth", new AbortController().signal);
      expect(await load(inPerth, tickets, wallTime)).toMatchObject({ updated: ROWS });
      expect(await load(inPerth, tickets, wallTime)).toMatchObject({ updated: 0, unchanged: ROWS });
    });

    test("compares every record with full, and where the table's trigger is missing", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, records);
      expect(await load(loader, tickets, records, { full: true })).toMatchObject({ unchanged: ROWS });
      expect(await lastRun(database)).toEqual({ known: 0, reformatted: ROWS });
      await database.sql(`drop trigger etl_clear_fingerprint on ${database.table("tickets")}`);
      await database.sql(`update ${database.table("tickets")} set "TKT-Title" = 'unseen'`);
      expect(await load(loader, tickets, records)).toMatchObject({ updated: ROWS });
    });

    test("writes fingerprints once when the records are written in another way, and not night after night", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, records);
      /** The records with so many spaces behind each. */
      const spaced = (spaces: number): string =>
        `[${records.map((record) => JSON.stringify(record).replace(/\}$/, `${" ".repeat(spaces)}}`)).join(",")}]`;
      const written = async (): Promise<unknown> => {
        const [row] = await database.sql<{ hash: string }>(
          `select md5(string_agg(etl_fingerprint::text, ' ' order by "TKT-Ticket ID")) as hash from ${database.table("tickets")}`,
        );
        return row?.hash;
      };
      const before = await written();
      expect(await load(loader, tickets, spaced(1))).toMatchObject({ updated: 0, unchanged: ROWS });
      const after = await written();
      expect(after).not.toEqual(before);
      expect(await load(loader, tickets, spaced(2))).toMatchObject({ updated: 0, unchanged: ROWS });
      expect(await written()).toEqual(after);
      expect(await lastRun(database)).toEqual({ known: 0, reformatted: ROWS });
    });

    test("warns of no field as vanished that known records have", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const solved = many(ROWS, (number) => ticket(number, { "TKT-Solution": "Restarted." }));
      await load(loader, tickets, solved);
      const sent = many(ROWS + 25, (number) => solved[number - 1] ?? ticket(number));
      expect(await load(loader, tickets, sent)).toMatchObject({ inserted: 25, driftWarnings: [] });
    });

    test("goes on when another session adds rows meanwhile", async (context) => {
      if (target.engine === "embedded") context.skip("The embedded database has one session.");
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, records);
      const outcome = await loadWith(loader, [...records, ticket(ROWS + 1)], () =>
        database.sql(`insert into ${database.table("tickets")} ("TKT-Ticket ID") values (${ROWS + 1})`),
      );
      expect(outcome).toMatchObject({ inserted: 0, updated: 1, unchanged: ROWS });
    });
  },
  onOldest,
);
