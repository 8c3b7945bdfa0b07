import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import {
  type DatabaseUnderTest,
  describeDistributed,
  describeEachDatabase,
  type Target,
} from "../../support/each-database.ts";
import { documentOf, load } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";

/** Every row's place and the transaction that wrote it: equal before and after means that nothing was written. */
function rowVersions(database: DatabaseUnderTest, table: string): Promise<readonly unknown[]> {
  return database.sql(
    `select ctid::text, xmin::text, xmax::text from ${database.table(table)} t order by t::text`,
  );
}

function testLoads(target: Target): void {
  test("inserts every record of a first document, whatever its envelope", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const first = await load(loader, tickets, many(3, ticket));
    expect(first).toMatchObject({
      view: "tickets",
      status: "success",
      fetched: 3,
      inserted: 3,
      updated: 0,
      skipped: 0,
      errors: 0,
    });
    const second = await load(loader, comments, JSON.stringify({ data: many(2, comment) }));
    expect(second).toMatchObject({ fetched: 2, inserted: 2 });
    const third = await load(loader, timesheets, `\uFEFF ${JSON.stringify([timesheet("ann")])}\n`);
    expect(third).toMatchObject({ fetched: 1, inserted: 1 });

    expect(
      await database.sql(
        `select "TKT-Ticket ID" as id, "TKT-Title" as title, "TKT-Team" as team, "TKT-Category" as category,
           "TKT-Created Time" as created, extra
         from ${database.table("tickets")} order by 1`,
      ),
    ).toEqual(
      [1, 2, 3].map((id) => ({
        id,
        title: `Ticket ${id}`,
        team: "Network",
        category: "Incident",
        created: new Date("2025-03-01T08:00:00Z"),
        extra: null,
      })),
    );
    expect(
      await database.sql(
        `select "TS-User Username" as "user", "TS-Date" as date, "TS-Time From" as start, "TS-Crm ID" as crm,
           "TS-Hours" as hours, "TS-Billable" as billable
         from ${database.table("timesheets")}`,
      ),
    ).toEqual([
      {
        user: "ann",
        date: new Date("2025-03-05T00:00:00Z"),
        start: null,
        crm: null,
        hours: "7.5",
        billable: false,
      },
    ]);
    expect(
      await database.sql(
        `select comment_id, ticket_id, comment_text, visible_to_customer, created_time
         from ${database.table("comments")} order by 1 limit 1`,
      ),
    ).toEqual([
      {
        comment_id: 1,
        ticket_id: 7,
        comment_text: "Comment 1",
        visible_to_customer: true,
        created_time: new Date("2025-03-01T08:00:00Z"),
      },
    ]);
  });

  test("of the same document again writes no row", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const documents = [
      [tickets, many(50, ticket)],
      [comments, many(50, comment)],
      [timesheets, many(50, (number) => timesheet(`user ${number}`))],
    ] as const;
    for (const [view, records] of documents) {
      await load(loader, view, records);
      const before = await rowVersions(database, view.table);
      const again = await load(loader, view, records);
      expect(again).toMatchObject({ fetched: 50, inserted: 0, updated: 0, skipped: 50, unchanged: 50 });
      expect(await rowVersions(database, view.table)).toEqual(before);
    }
  });

  test("updates only the changed rows", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, many(20, ticket));
    const before = await rowVersions(database, "tickets");
    const changed = many(21, (number) => ticket(number, number === 5 ? { "TKT-Status": "Closed" } : {}));
    const second = await load(loader, tickets, changed);
    expect(second).toMatchObject({ fetched: 21, inserted: 1, updated: 1, skipped: 19, unchanged: 19 });

    const after = await rowVersions(database, "tickets");
    const kept = after.filter((row) => before.some((old) => JSON.stringify(old) === JSON.stringify(row)));
    expect(kept).toHaveLength(19);
    expect(
      await database.sql(
        `select "TKT-Ticket ID" as id from ${database.table("tickets")} where "TKT-Status" = 'Closed'`,
      ),
    ).toEqual([{ id: 5 }]);
  });

  test("detects a change to null, from null, and of only an unknown field", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [
      ticket(1),
      ticket(2, { "TKT-Solution": null }),
      ticket(3, { Priority: 1 }),
      ticket(4, { Priority: 1, Mood: "good" }),
    ]);
    const second = await load(loader, tickets, [
      ticket(1, { "TKT-Status": null }),
      ticket(2, { "TKT-Solution": "restarted" }),
      ticket(3, { Priority: 2 }),
      // The same object in another order is the same.
      ticket(4, { Mood: "good", Priority: 1 }),
    ]);
    expect(second).toMatchObject({ inserted: 0, updated: 3, unchanged: 1 });
    expect(
      await database.sql(
        `select "TKT-Status" as status, "TKT-Solution" as solution, extra
         from ${database.table("tickets")} order by "TKT-Ticket ID"`,
      ),
    ).toEqual([
      { status: null, solution: null, extra: null },
      { status: "Open", solution: "restarted", extra: null },
      { status: "Open", solution: null, extra: { Priority: 2 } },
      { status: "Open", solution: null, extra: { Priority: 1, Mood: "good" } },
    ]);
  });

  test("never overwrites a created time, and does not count it as a change", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [ticket(1), ticket(2)]);
    const second = await load(loader, tickets, [
      ticket(1, { "TKT-Created Time": "2030-01-01" }),
      ticket(2, { "TKT-Created Time": "2030-01-01", "TKT-Status": "Closed" }),
    ]);
    expect(second).toMatchObject({ updated: 1, unchanged: 1 });
    await load(loader, comments, [comment(1)]);
    await load(loader, comments, [comment(1, { "TKTCT-Created Time": null, "TKTCT-Comment": "edited" })]);
    expect(
      await database.sql(
        `select "TKT-Created Time" as created from ${database.table("tickets")}
         union all select created_time from ${database.table("comments")}`,
      ),
    ).toEqual(Array.from({ length: 3 }, () => ({ created: new Date("2025-03-01T08:00:00Z") })));
  });

  test("keeps rows that the document no longer has", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, comments, many(4, comment));
    await load(loader, comments, [comment(5), comment(6)]);
    expect(await database.sql(`select count(*) as rows from ${database.table("comments")}`)).toEqual([
      { rows: 6 },
    ]);
  });

  test("accepts an empty list", async () => {
    const database = await target.fresh();
    const loader = database.open();
    for (const document of [documentOf([]), '{"data" : [ ] }', "[]"]) {
      expect(await load(loader, tickets, document)).toMatchObject({
        status: "success",
        fetched: 0,
        inserted: 0,
        skipped: 0,
        errors: 0,
      });
    }
    expect(await database.sql(`select * from ${database.table("tickets")}`)).toEqual([]);
  });

  test("finds a timesheet without start or ticket again", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const entries = [
      timesheet("ann"),
      timesheet("ann", { "TS-Time From": "08:00" }),
      timesheet("ann", { "TS-Crm ID": 17 }),
      timesheet("ann", { "TS-Time From": "08:00", "TS-Crm ID": 17 }),
      // Zero is a ticket id like any other, and not the stand-in for none.
      timesheet("ann", { "TS-Crm ID": 0 }),
      timesheet("bob"),
    ];
    expect(await load(loader, timesheets, entries)).toMatchObject({ inserted: 6, duplicates: 0 });
    // An absent field, an empty text and null are the same key.
    const again = entries.map((entry) => ({ ...entry, "TS-Notes": "seen again" }));
    const first: Record<string, unknown> = { ...again[0], "TS-Time From": "" };
    delete first["TS-Crm ID"];
    expect(await load(loader, timesheets, [first, ...again.slice(1)])).toMatchObject({
      inserted: 0,
      updated: 6,
      unchanged: 0,
    });
    expect(
      await database.sql(`select distinct "TS-Notes" as notes from ${database.table("timesheets")}`),
    ).toEqual([{ notes: "seen again" }]);
  });

  test("lets the last of several records with one key win, even if they share the modified time", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const records = [
      ticket(1, { "TKT-Title": "first" }),
      ticket(2),
      ticket("1", { "TKT-Title": "second", "TKT-Modified Time": "1999-01-01" }),
      ticket("1.0", { "TKT-Title": "last" }),
    ];
    expect(await load(loader, tickets, records)).toMatchObject({
      fetched: 4,
      inserted: 2,
      skipped: 2,
      duplicates: 2,
      unchanged: 0,
    });
    expect(
      await database.sql(
        `select "TKT-Title" as title from ${database.table("tickets")} order by "TKT-Ticket ID"`,
      ),
    ).toEqual([{ title: "last" }, { title: "Ticket 2" }]);
    expect(await load(loader, tickets, records)).toMatchObject({
      inserted: 0,
      updated: 0,
      duplicates: 2,
      unchanged: 2,
    });

    const entry = (notes: string) => timesheet("ann", { "TS-Notes": notes });
    expect(await load(loader, timesheets, [entry("a"), entry("b"), entry("c")])).toMatchObject({
      inserted: 1,
      duplicates: 2,
    });
    expect(await database.sql(`select "TS-Notes" as notes from ${database.table("timesheets")}`)).toEqual([
      { notes: "c" },
    ]);
  });
}

describeEachDatabase("a load", testLoads);
describeDistributed("a load", testLoads);
