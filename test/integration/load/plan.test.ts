import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { documentOf, type Fields, load, plan } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

/** Everything the schema holds, but for what OTC was asked: a row written and written back shows. */
async function contentOf(database: DatabaseUnderTest): Promise<unknown> {
  const names = [
    "tickets",
    "timesheets",
    "etl_metadata",
    "etl_rejects",
    "ticket_history",
    "timesheet_history",
    "comment_history",
    "etl_field_profiles",
  ];
  const contents = names.map(
    (name) =>
      `(select json_build_array(count(*), md5(string_agg(concat_ws(' ', t.ctid, t.xmin, t), ',' order by t.ctid)))
        from ${database.table(name)} t) as ${name}`,
  );
  const [content] = await database.sql(
    `select ${contents.join(", ")}, (select count(*) from pg_class where relname ~ '^etl_(staging|delta|changes)') as left`,
  );
  return content;
}

describeEachDatabase("a plan", (target) => {
  test("reports what the load after it does, and changes nothing", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, many(30, ticket));
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_team check ("TKT-Team" <> 'Nobody')`,
    );
    const long = "x".repeat(1000);
    const records: Fields[] = [
      ...many(20, (number) => ticket(number, number <= 4 ? { "TKT-Status": "Closed" } : {})),
      // The fifth is refused when it is updated, the last when it is inserted.
      ticket(5, { "TKT-Status": "Closed", "TKT-Team": "Nobody" }),
      ticket(6, { "TKT-Status": "Lost" }),
      ticket(6, { "TKT-Title": long, Colour: "red" }),
      ticket(7, { "TKT-Due Date": "?" }),
      ticket(101),
      ticket(101),
      ticket(101, { "TKT-Created Time": "2025-04-01 08:00:00" }),
      ticket(102, { "TKT-Team": "Nobody" }),
    ];
    const before = await contentOf(database);
    const planned = await plan(loader, tickets, records, { samples: 2 });
    expect(await contentOf(database)).toEqual(before);
    expect(planned).toMatchObject({
      status: "planned",
      runId: null,
      fetched: 28,
      inserted: 1,
      updated: 5,
      errors: 3,
      duplicates: 5,
      quarantine: { refused_by_database: 2, "invalid_timestamp (TKT-Due Date)": 1 },
      guards: [],
      duplicateKeys: {
        keys: 3,
        samples: [
          { key: { "TKT-Ticket ID": "6" }, records: 3 },
          { key: { "TKT-Ticket ID": "101" }, records: 3 },
        ],
      },
    });
    expect(planned.changes).toEqual([
      {
        column: "TKT-Status",
        rows: 4,
        samples: [1, 2].map((id) => ({ key: { "TKT-Ticket ID": String(id) }, old: "Open", new: "Closed" })),
      },
      expect.objectContaining({ column: "TKT-Title", rows: 1 }),
      {
        column: "extra",
        rows: 1,
        samples: [{ key: { "TKT-Ticket ID": "6" }, old: null, new: '{"Colour": "red"}' }],
      },
    ]);
    expect(planned.changes[1]?.samples[0]?.new).toMatch(/^x{200}…$/);

    const loaded = await load(loader, tickets, records);
    const { fetched, inserted, updated, skipped, errors, duplicates, unchanged, driftWarnings } = loaded;
    expect(planned).toMatchObject({
      ...{ fetched, inserted, updated, skipped, errors, duplicates, unchanged, driftWarnings },
    });
    expect(await plan(loader, tickets, many(30, ticket), { samples: 0 })).toMatchObject({
      updated: 5,
      changes: [{ samples: [] }, { samples: [] }, { samples: [] }],
    });
  });

  test("of an empty table, of keys that may be null, and of a document that guards would stop", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const first = [timesheet("ann"), timesheet("ann"), timesheet("bob", { "TS-Date": "?" })];
    const planned = await plan(loader, timesheets, first, { maxErrors: "0" });
    expect(planned).toMatchObject({
      inserted: 1,
      errors: 1,
      duplicates: 1,
      changes: [],
      guards: [
        { guard: "error_limit", message: expect.stringContaining("1 of 3"), remedy: expect.any(String) },
      ],
      duplicateKeys: {
        keys: 1,
        samples: [{ key: { "TS-User Username": "ann", "TS-Crm ID": null }, records: 2 }],
      },
    });
    await load(
      loader,
      timesheets,
      many(10, (number) => timesheet(`user ${number}`)),
    );
    const before = await contentOf(database);
    expect(await plan(loader, timesheets, [timesheet("user 1")])).toMatchObject({
      unchanged: 1,
      guards: [{ guard: "shrink", message: expect.stringContaining("fewer than half") }],
    });
    expect(await contentOf(database)).toEqual(before);
  });

  test("takes no number of a run or of a rejected record", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const records = [ticket(1), ticket(2, { "TKT-Due Date": "?" })];
    for (let plans = 0; plans < 3; plans += 1) await plan(loader, tickets, records);
    // As the load of another view is planned, and fails.
    await expect(plan(loader, timesheets, "<html>")).rejects.toThrow("JSON");
    expect(await load(loader, tickets, records)).toMatchObject({ runId: 1, errors: 1 });
    expect(
      await database.sql(
        `select reject_id::integer as id, run_id::integer as run from ${database.table("etl_rejects")}`,
      ),
    ).toEqual([{ id: 1, run: 1 }]);
  });

  test("of OTC counts its requests", async () => {
    const database = await target.fresh();
    const server = await startDocumentServer({ tickets: documentOf([ticket(1)]) });
    const loader = database.open(server.env);
    expect(await plan(loader, tickets)).toMatchObject({ inserted: 1 });
    expect(server.requests).toHaveLength(1);
    expect(
      await database.sql(
        `select (select count(*) from ${database.table("etl_requests")} where answered_at is not null) as asked,
           (select count(*) from ${database.table("etl_metadata")}) as runs`,
      ),
    ).toEqual([{ asked: 1, runs: 0 }]);
  });
});
