import { Readable } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Loader } from "../../../src/loader/loader.ts";
import type { LoadOutcome } from "../../../src/runs/outcome.ts";
import {
  clearRejects,
  countRejects,
  isBroadSearch,
  readReject,
  readRejects,
} from "../../../src/runs/rejects/read-rejects.ts";
import type { RejectFilter } from "../../../src/runs/rejects/reject-filter.ts";
import { retryRejects } from "../../../src/loader/retry-rejects.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { attemptLoad, documentOf, load } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";

async function retry(loader: Loader, filter: RejectFilter = {}): Promise<readonly LoadOutcome[]> {
  return retryRejects(loader, await viewCatalog(), filter, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onOutcome: () => undefined,
  });
}

const BAD = { "TKT-Due Date": "31.12.2026" };
const modified = (day: number) => ({ "TKT-Modified Time": `2026-03-0${day}T08:00:00Z` });

describeEachDatabase("a reload", (target) => {
  test("loads what can be loaded now, and leaves the others as they were", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const rejects = database.table("etl_rejects");
    const first = await load(loader, tickets, [
      ticket(1),
      ticket(2, { ...BAD, ...modified(2) }),
      ticket(3, { ...BAD, ...modified(2) }),
      ticket(4, BAD),
      ticket(5, BAD),
      ticket(6, BAD),
      ticket("?"),
    ]);
    const invalid = Buffer.from(documentOf([ticket(7, { "TKT-Title": "caf\ufffd" })]));
    const at = invalid.indexOf("\ufffd");
    const broken = Buffer.concat([invalid.subarray(0, at), Buffer.from([0xe9]), invalid.subarray(at + 3)]);
    await attemptLoad(loader, tickets, Readable.from([broken], { objectMode: false }), { allowShrink: true });
    // A record that the database refused is written again from its row: it has to convert to the same row later.
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_eight check ("TKT-Ticket ID" <> 8)`,
    );
    const unwelcome = ticket(8, {
      "TKT-Title": 'tab\t "ü"',
      "TKT-Due Date": "1850-01-01 10:20:30.123456+02:00",
      Unknown: { kept: ["1", 2.5] },
    });
    await load(loader, tickets, [unwelcome], { allowShrink: true });
    await database.sql(`alter table ${database.table("tickets")} drop constraint no_eight`);
    await load(loader, comments, [comment(1), comment("x"), comment("y")], { maxErrors: "2" });
    // Since then: 2 arrived older, 3 newer, and 4 is refused by the database itself.
    await load(loader, tickets, [ticket(2, modified(1)), ticket(3, modified(3))], { allowShrink: true });
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_four check ("TKT-Ticket ID" <> 4)`,
    );
    // As if the parser had learnt the format; Of 6 the one modified last counts; 5 became something that is no JSON.
    await database.sql(`update ${rejects} set raw_record = replace(raw_record, '31.12.2026', '2026-12-31')`);
    await database.sql(
      `update ${rejects} set raw_record = raw_record || ']' where record_key = 'TKT-Ticket ID=5'`,
    );
    await database.sql(
      `insert into ${rejects} (run_id, view_name, position, record_key, reason, message, raw_record)
       select run_id, view_name, 99, record_key, reason, message, replace(replace(raw_record, 'Ticket 6', title), '2025-03-02', day)
       from ${rejects}, (values ('Older 6', '2025-03-01'), ('Oldest 6', '2025-02-01')) more (title, day)
       where record_key = 'TKT-Ticket ID=6'`,
    );
    const before = await readRejects(await loader.database(), { view: "tickets" }, 100);

    expect(await retry(loader, { view: "tickets" })).toMatchObject([
      {
        view: "tickets",
        status: "partial",
        fetched: 10,
        inserted: 2,
        updated: 1,
        skipped: 3,
        unchanged: 1,
        duplicates: 2,
        errors: 4,
      },
    ]);
    const after = await readRejects(await loader.database(), { view: "tickets" }, 100);
    const stays = (key: string | null, reason: string) => {
      const known = before.find((reject) => reject.key === key)!;
      return expect.objectContaining({
        rejectId: known.rejectId,
        runId: known.runId,
        position: known.position,
        rejectedAt: known.rejectedAt,
        reason,
      });
    };
    expect(after.toReversed()).toEqual([
      expect.objectContaining({
        reason: "refused_by_database",
        sqlState: "23514",
        runId: first.runId,
        position: 4,
      }),
      expect.objectContaining({ reason: "not_an_object", runId: first.runId, position: 5 }),
      stays('TKT-Ticket ID="?"', "invalid_integer"),
      stays(null, "invalid_utf8"),
    ]);
    expect(
      await database.sql(
        `select "TKT-Ticket ID" as id, "TKT-Title" as title, "TKT-Due Date" is not null as due
         from ${database.table("tickets")} order by id`,
      ),
    ).toEqual([
      { id: 1, title: "Ticket 1", due: false },
      { id: 2, title: "Ticket 2", due: true },
      { id: 3, title: "Ticket 3", due: false },
      { id: 6, title: "Ticket 6", due: true },
      { id: 8, title: 'tab\t "ü"', due: true },
    ]);
    expect(
      await database.sql(
        `select "TKT-Due Date" = '1850-01-01 08:20:30.123456Z' as exact, extra
         from ${database.table("tickets")} where "TKT-Ticket ID" = 8`,
      ),
    ).toEqual([{ exact: true, extra: { Unknown: { kept: ["1", 2.5] } } }]);

    // Again: nothing goes in, nothing is doubled; a retry is no load for the guard, and leaves no table behind.
    expect(await retry(loader, { reason: "refused_by_database" })).toMatchObject([{ fetched: 1, errors: 1 }]);
    expect(await readRejects(await loader.database(), { view: "tickets" }, 100)).toEqual(after);
    expect(await attemptLoad(loader, tickets, [])).toMatchObject({ status: "failed" });
    expect(
      await database.sql(`select relname from pg_class where relname ~ '^etl_(staging|delta|retried)'`),
    ).toEqual([]);
    expect(await retry(loader, { runId: 4711 })).toEqual([]);
    expect(
      await database.sql(
        `select view_name, source, load_status from ${database.table("etl_metadata")} where kind = 'retry' order by run_id`,
      ),
    ).toEqual([
      { view_name: "tickets", source: "quarantine", load_status: "partial" },
      { view_name: "tickets", source: "quarantine (reason refused_by_database)", load_status: "partial" },
    ]);
  });

  test("overwrites no comment, whichever was created first, and loads the last of several rejected ones", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const created = (day: number, text: string) => ({
      "TKTCT-Created Time": `2025-03-0${day}T08:00:00Z`,
      "TKTCT-Comment": text,
      "TKTCT-VisibleCustomer": "maybe",
    });
    await load(loader, comments, [
      comment(1, created(9, "created later")),
      comment(2, created(1, "created earlier")),
      comment(3, created(9, "the first of two")),
      comment(3, created(1, "the last of two")),
    ]);
    const there = { "TKTCT-Created Time": "2025-03-05T08:00:00Z", "TKTCT-Comment": "came in meanwhile" };
    await load(loader, comments, [comment(1, there), comment(2, there)]);
    await database.sql(
      `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '"maybe"', '"no"')`,
    );
    const before = await database.sql(`select * from ${database.table("comments")} order by comment_id`);

    expect(await retry(loader)).toMatchObject([
      { fetched: 4, inserted: 1, updated: 0, unchanged: 2, duplicates: 1, errors: 0 },
    ]);
    expect(
      await database.sql(
        `select * from ${database.table("comments")} where comment_id in (1, 2) order by comment_id`,
      ),
    ).toEqual(before);
    expect(
      await database.sql(`select comment_text from ${database.table("comments")} where comment_id = 3`),
    ).toEqual([{ comment_text: "the last of two" }]);
    expect(await countRejects(await loader.database(), {})).toEqual([]);
  });

  test("that is rolled back leaves the quarantine as it was", async () => {
    const database = await target.fresh();
    const loader = database.open();
    // More than one page of them.
    const filler = "x".repeat(900_000);
    await load(
      loader,
      comments,
      many(9, (number) => comment(number, { "TKTCT-VisibleCustomer": "maybe", "TKTCT-Comment": filler })),
    );
    const db = await loader.database();
    const before = await readRejects(db, {}, 100);
    await database.sql(`alter table ${database.table("comments")} rename to gone`);
    expect(await retry(loader)).toMatchObject([{ status: "failed", inserted: 0 }]);
    await database.sql(`alter table ${database.table("gone")} rename to comments`);
    expect(await readRejects(db, {}, 100)).toEqual(before);

    await database.sql(
      `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '"maybe"', '"no"')`,
    );
    expect(await retry(loader)).toMatchObject([{ status: "success", fetched: 9, inserted: 9, errors: 0 }]);
    expect(await countRejects(db, {})).toEqual([]);
  });
});

describeEachDatabase(
  "a reload in detail",
  (target) => {
    test.for([
      [
        "tickets",
        tickets,
        (text: string, modified: string | null, isBad: boolean) =>
          ticket(1, {
            "TKT-Title": text,
            "TKT-Modified Time": modified,
            "TKT-Due Date": isBad ? "31.12.2026" : null,
          }),
        "TKT-Title",
      ],
      [
        "timesheets",
        timesheets,
        (text: string, modified: string | null, isBad: boolean) =>
          timesheet("ann", {
            "TS-Notes": text,
            "TS-Modified Time": modified,
            "TS-Billable": isBad ? "31.12.2026" : "No",
          }),
        "TS-Notes",
      ],
    ] as const)(
      "takes a row that was never modified for older than a record that was (%s)",
      async ([, view, record, column]) => {
        const early = "2026-03-01T08:00:00Z";
        for (const [recordModified, rowModified, stays] of [
          [early, null, "the record"],
          [null, early, "the row"],
          [null, null, "the row"],
          [early, early, "the row"],
        ] as const) {
          const database = await target.fresh();
          const loader = database.open();
          await load(loader, view, [record("the record", recordModified, true)]);
          await load(loader, view, [record("the row", rowModified, false)]);
          await database.sql(
            `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '"31.12.2026"', 'null')`,
          );
          await retry(loader);
          expect(
            await database.sql(`select "${column}" as text from ${database.table(view.table)}`),
            `record ${recordModified}, row ${rowModified}`,
          ).toEqual([{ text: stays }]);
        }
      },
    );

    test("does not parse a record that is too complex, and one that is damaged fails alone", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const complex = `{"TKT-Ticket ID":2,"Odd":[${"[1],".repeat(150_000)}[1]]}`;
      await load(loader, tickets, `[{"TKT-Ticket ID":1},${complex},{"TKT-Ticket ID":3,"TKT-Due Date":"?"}]`);
      // One ends the list too early, one would be many records.
      const damaged = [`${complex}],[1`, `1${",1".repeat(200_001)}`];
      await database.sql(
        `insert into ${database.table("etl_rejects")} (run_id, view_name, position, reason, message, raw_record)
       select 1, 'tickets', 9, 'too_complex', 'made for this test', raw from unnest($1::text[]) raw`,
        [damaged],
      );
      const parse = vi.spyOn(JSON, "parse");
      onTestFinished(() => {
        parse.mockRestore();
      });
      expect(await retry(loader)).toMatchObject([{ status: "partial", fetched: 4, inserted: 0, errors: 4 }]);
      const parsed = parse.mock.calls.map(([text]) => text.length);
      // What is not one record is read as a text, which is a single value.
      expect(parsed.filter((length) => length > 10_000)).toHaveLength(2);
      expect(
        await database.sql(
          `select reason, raw_record = $1 as unchanged from ${database.table("etl_rejects")} order by reject_id`,
          [complex],
        ),
      ).toEqual([
        { reason: "too_complex", unchanged: true },
        { reason: "invalid_timestamp", unchanged: false },
        { reason: "not_an_object", unchanged: false },
        { reason: "not_an_object", unchanged: false },
      ]);
    });
  },
  onOldest,
);

describeEachDatabase(
  "the quarantine",
  (target) => {
    test("is read and cleared by run, view and reason", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const { runId } = await load(loader, tickets, [ticket(1, BAD), ticket("?"), ticket(2, BAD)]);
      await load(loader, comments, [comment("x")]);
      const db = await loader.database();
      expect(await countRejects(db, {})).toEqual([
        { view: "tickets", reason: "invalid_timestamp", field: "TKT-Due Date", records: 2 },
        { view: "comments", reason: "invalid_integer", field: "TKTCT-CommentID", records: 1 },
        { view: "tickets", reason: "invalid_integer", field: "TKT-Ticket ID", records: 1 },
      ]);
      const [newest, ...older] = await readRejects(db, { view: "tickets" }, 2);
      expect(newest).toMatchObject({ runId, view: "tickets", position: 3, key: "TKT-Ticket ID=2" });
      expect(older).toHaveLength(1);
      expect(await readReject(db, newest!.rejectId)).toMatchObject({
        ...newest,
        raw: JSON.stringify(ticket(2, BAD)),
        source: expect.stringContaining("tickets.json"),
      });
      expect(await readReject(db, 4711)).toBeUndefined();
      expect(await clearRejects(db, { runId, reason: "invalid_timestamp" })).toBe(2);
      expect(await clearRejects(db, { view: "comments" })).toBe(1);
      expect(await clearRejects(db, {})).toBe(1);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase("a search by key", (target) => {
  test("finds records by whole words of their keys, and reads no others", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const rejects = database.table("etl_rejects");
    await load(loader, tickets, [ticket(1, BAD), ticket(12, BAD)], { maxErrors: "100%" });
    const bad = { "TS-Hours": "much" };
    await load(loader, timesheets, [timesheet("ann", bad), timesheet("müller-lüdenscheidt", bad)], {
      maxErrors: "100%",
    });
    // Three records to a page of PostgreSQL, so that reading all of them shows.
    const made = target.engine === "embedded" ? 2000 : 6000;
    await database.sql(
      `insert into ${rejects} (run_id, view_name, position, record_key, reason, message, raw_record)
       select 1, 'tickets', n, 'TKT-Ticket ID=' || n, 'invalid_integer', 'made for this test', repeat('x', 1900)
       from generate_series(2000, 1999 + $1::integer) n`,
      [made],
    );
    await database.sql(`vacuum (analyze) ${rejects}`);
    const connection = await loader.database();
    /** How many pages of the table, without its indexes, the connection has read until now. */
    const pagesRead = async () => {
      await connection.query("select pg_stat_force_next_flush()");
      const { rows } = await connection.query<{ pages: number }>(
        `select heap_blks_hit + heap_blks_read as pages from pg_statio_user_tables where relid = to_regclass($1)`,
        [rejects],
      );
      return rows[0]!.pages;
    };
    const search = async (filter: RejectFilter, mostPages: number) => {
      const before = await pagesRead();
      const keys = await connection.transaction(async (transaction) => {
        if (await isBroadSearch(transaction, filter)) return "too many";
        const counts = await countRejects(transaction, filter);
        const found = await readRejects(transaction, filter, 10);
        expect(counts.reduce((sum, { records }) => sum + records, 0)).toBe(found.length);
        return found.map((reject) => reject.key);
      });
      if (target.engine === "postgres") {
        expect((await pagesRead()) - before, JSON.stringify(filter)).toBeLessThan(mostPages);
      }
      return keys;
    };
    const found = (key: string) => search({ key }, 50);
    expect(await found("1")).toEqual(["TKT-Ticket ID=1"]);
    expect(await found("ID=12")).toEqual(["TKT-Ticket ID=12"]);
    expect(await found("TKT-Ticket ID=12")).toEqual(["TKT-Ticket ID=12"]);
    expect(await found("2099")).toEqual(["TKT-Ticket ID=2099"]);
    expect(await found("209")).toEqual([]);
    expect(await found("12=ID")).toEqual([]);
    expect(await found("ann")).toEqual([expect.stringContaining('"ann"')]);
    expect(await found('"müller-lüdenscheidt"')).toEqual([expect.stringContaining("müller")]);
    // Most keys have these words, and all have the sign, which is part of none. Reading all of them reads 2,000 pages.
    for (const key of ["TKT", "Ticket ID", "="]) expect(await search({ key }, 400)).toBe("too many");
    expect(await search({ key: "TKT", view: "tickets", reason: "invalid_timestamp" }, 50)).toHaveLength(2);
    expect(await search({ key: "TKT", reason: "invalid_timestamp" }, 50)).toHaveLength(2);
  });
});
