import { Readable } from "node:stream";
import { expect, inject, test } from "vitest";
import { migrate } from "../../../src/loader/migrate.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { setUser } from "../../../src/users/user-lookup.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import { disconnectWorker } from "../../support/citus.ts";
import { describeDistributed } from "../../support/each-database.ts";
import { attemptLoad, documentOf, type Fields, load, loadFromApi, plan } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { tableContents } from "../../support/table-contents.ts";
import { tableRows } from "../../support/table-rows.ts";

const SETTINGS = {
  OTC_HISTORY_COLUMNS: "ticket_id,comment_text,TKT-Status,TS-Hours",
  OTC_MISSING_TICKETS: "soft-delete",
};

const user = (number: number, fields: Fields = {}): Fields =>
  timesheet(`user${number % 5}`, {
    "TS-User Full Name": `User Number${number % 5}`,
    "TS-Date": `2025-03-${String(number).padStart(2, "0")}`,
    "TS-Crm ID": number % 6,
    ...fields,
  });

/** Nights in which records are new, changed, rejected, repeated, missing, back, moved and rekeyed. */
const NIGHTS: readonly (readonly [View, readonly Fields[]])[] = [
  [tickets, [...many(12, ticket), ticket(3, { "TKT-Title": "last" })]],
  [
    comments,
    [...many(12, (id) => comment(id, { "TKTCT-TicketID": id })), comment(13, { "TKTCT-TicketID": 1 })],
  ],
  [timesheets, [...many(25, user), timesheet(null)]],
  [
    tickets,
    many(11, (id) => ticket(id, { "TKT-Status": id < 4 ? "Closed" : "Open", "TKT-Team": `Team ${id % 3}` })),
  ],
  // One moves, one moves twice in the document, one moves away and back in it, and one changes while it moves.
  [
    comments,
    [
      ...many(13, (id) => comment(id, { "TKTCT-TicketID": id === 13 ? 1 : id })),
      comment(2, { "TKTCT-TicketID": 99 }),
      comment(3, { "TKTCT-TicketID": 50 }),
      comment(3, { "TKTCT-TicketID": 51 }),
      comment(4, { "TKTCT-TicketID": 60 }),
      comment(4, { "TKTCT-TicketID": 4 }),
      comment(5, {
        "TKTCT-TicketID": 61,
        "TKTCT-Comment": "moved",
        "TKTCT-Created Time": "2025-04-01T00:00:00Z",
      }),
    ],
  ],
  [
    timesheets,
    [
      ...many(24, (number) => user(number, number === 7 ? { "TS-Hours": "3" } : {})),
      user(25, { "TS-Crm ID": 77 }),
    ],
  ],
  [tickets, many(11, ticket)],
  [comments, many(13, (id) => comment(id, { "TKTCT-TicketID": id + 100 }))],
  [timesheets, many(23, user)],
  [tickets, many(12, ticket)],
  [timesheets, many(25, user)],
];

async function liveThrough(loader: Loader): Promise<readonly unknown[]> {
  const outcomes: unknown[] = [];
  for (const [view, records] of NIGHTS) {
    const planned = await plan(loader, view, records);
    const { fetched, inserted, updated, skipped, errors, missing, returned, rekeyed } = await loadFromApi(
      loader,
      view,
      records,
    );
    expect([planned.inserted, planned.updated]).toEqual([inserted, updated]);
    outcomes.push({
      view: view.name,
      fetched,
      inserted,
      updated,
      skipped,
      errors,
      missing,
      returned,
      rekeyed,
    });
  }
  return outcomes;
}

describeDistributed("a load of distributed tables", (target) => {
  test(
    "leaves the same rows, counts and history as one of ordinary tables",
    { timeout: 600_000 },
    async () => {
      const plain = await target.fresh({ migrated: false });
      const loader = plain.open(SETTINGS);
      await migrate(loader, new AbortController().signal);
      const distributed = await target.fresh();
      expect(await liveThrough(distributed.open(SETTINGS))).toEqual(await liveThrough(loader));
      expect(await tableContents(distributed)).toEqual(await tableContents(plain));
    },
  );

  test("rejects a record without a distribution value, and says why", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await load(loader, comments, [comment(1), comment(2, { "TKTCT-TicketID": "" })])).toMatchObject({
      inserted: 1,
      errors: 1,
    });
    expect(
      await database.sql(`select reason, record_key, message from ${database.table("etl_rejects")}`),
    ).toEqual([
      {
        reason: "no_distribution_value",
        record_key: "TKTCT-CommentID=2",
        message:
          'TKTCT-TicketID is "": the rows of the table are distributed over servers by it, so that each has to have a value.',
      },
    ]);
  });

  test("brings back rows that were deleted softly, although no trigger clears their fingerprints", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_MISSING_TIMESHEETS: "soft-delete" });
    const all = many(25, (number) => user(number));
    const fewer = all.filter((_, index) => index !== 9);
    await loadFromApi(loader, timesheets, all);
    await loadFromApi(loader, timesheets, fewer);
    expect(await loadFromApi(loader, timesheets, fewer)).toMatchObject({ missing: 1 });
    expect(await loadFromApi(loader, timesheets, all)).toMatchObject({ returned: 1, unchanged: 25 });
    expect(
      await database.sql(
        `select count(*)::int as "deleted" from ${database.table("timesheets")} where deleted_at is not null`,
      ),
    ).toEqual([{ deleted: 0 }]);
  });

  test("with another time zone is refused, and a name can be set by hand", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, timesheets, [user(1)]);
    await expect(
      load(database.open({ OTC_TIMEZONE: "Australia/Perth" }), timesheets, [user(1)]),
    ).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("were written with the time zone UTC") as unknown,
    });
    for (const fullName of ["Anna Hofer", "Anna Huber"]) {
      await setUser(await loader.database(), { username: "user1", fullName });
    }
    expect(
      await database.sql(`select username, full_name, source from ${database.table("user_lookup")}`),
    ).toEqual([{ username: "user1", full_name: "Anna Huber", source: "manual" }]);
  });

  test("finds the rows that the database refuses, and a refused row stays on its server", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(
      loader,
      comments,
      many(40, (id) => comment(id, { "TKTCT-TicketID": id })),
    );
    await database.sql(
      `alter table ${database.table("comments")} add constraint short check (length(comment_text) < 20)`,
    );
    const long = { "TKTCT-Comment": "longer than the constraint allows" };
    const next = many(45, (id) =>
      comment(id, { "TKTCT-TicketID": id < 4 ? id + 500 : id, ...(id % 20 === 2 ? long : {}) }),
    );
    expect(await load(loader, comments, next)).toMatchObject({ inserted: 4, updated: 2, errors: 3 });
    expect(
      await database.sql(
        `select comment_id, ticket_id from ${database.table("comments")} where comment_id < 5 order by 1`,
      ),
    ).toEqual([
      { comment_id: 1, ticket_id: 501 },
      { comment_id: 2, ticket_id: 2 },
      { comment_id: 3, ticket_id: 503 },
      { comment_id: 4, ticket_id: 4 },
    ]);
  });

  test("is on all servers or on none when a worker is lost", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, many(50, ticket));
    const before = await tableRows(database, "tickets");
    const document = Buffer.from(documentOf(many(60, (id) => ticket(id, { "TKT-Title": `Changed ${id}` }))));
    const [worker] = inject("citus")?.workers ?? [];
    async function* chunks(): AsyncGenerator<Buffer> {
      yield document.subarray(0, document.length / 2);
      await disconnectWorker(worker ?? "", database.env["OTC_DATABASE_URL"] ?? "");
      yield document.subarray(document.length / 2);
    }
    const outcome = await attemptLoad(loader, tickets, Readable.from(chunks(), { objectMode: false }));
    expect(outcome).toMatchObject({ status: "failed" });
    expect(await tableRows(database, "tickets")).toEqual(before);
    expect(await load(loader, tickets, many(60, ticket))).toMatchObject({ inserted: 10, unchanged: 50 });
  });
});
