import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import {
  describeDistributed,
  describeEachDatabase,
  onOldest,
  type Target,
} from "../../support/each-database.ts";
import { failingLoad, load } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";

const REJECTS = `run_id, view_name, position, record_key, column_name, reason, message, sql_state, raw_record`;

function testQuarantine(target: Target): void {
  test("keeps each record that cannot be converted, with everything needed to find the cause", async () => {
    const database = await target.fresh();
    const raws = [
      '{"TKT-Ticket ID":1,"TKT-Title":"good"}',
      '{"TKT-Ticket ID":2, "TKT-Due Date" : "5/13/2016", "TKT-Title":"nul \\u0000 and \\ud800"}',
      '{"TKT-Title":"no key"}',
      '{"TKT-Ticket ID":""}',
      "[1,2]",
      '"text"',
      "null",
      '{"TKT-Ticket ID":9007199254740993}',
      '{"TKT-Ticket ID":3,"TKT-Account Id":"tab\\there"}',
    ];
    const outcome = await load(database.open(), tickets, `[${raws.join(" ,\n ")}]`);
    expect(outcome).toMatchObject({ status: "partial", fetched: 9, inserted: 1, errors: 8 });
    const rows = await database.sql(
      `select ${REJECTS} from ${database.table("etl_rejects")} order by position`,
    );
    const reject = (position: number, expected: Record<string, unknown>) => ({
      run_id: outcome.runId,
      view_name: "tickets",
      position,
      sql_state: null,
      message: expect.stringMatching(/\S/),
      raw_record: raws[position - 1],
      ...expected,
    });
    const noObject = { record_key: null, column_name: null, reason: "not_an_object" };
    expect(rows).toEqual([
      reject(2, {
        record_key: "TKT-Ticket ID=2",
        column_name: "TKT-Due Date",
        reason: "invalid_timestamp",
        message: expect.stringContaining('TKT-Due Date is "5/13/2016"'),
      }),
      reject(3, { record_key: "TKT-Ticket ID=absent", column_name: "TKT-Ticket ID", reason: "missing_key" }),
      reject(4, { record_key: 'TKT-Ticket ID=""', column_name: "TKT-Ticket ID", reason: "missing_key" }),
      reject(5, noObject),
      reject(6, noObject),
      reject(7, noObject),
      reject(8, {
        record_key: expect.stringMatching(/^TKT-Ticket ID=/),
        column_name: "TKT-Ticket ID",
        reason: "invalid_integer",
        message: expect.stringContaining("2^53"),
      }),
      reject(9, { record_key: "TKT-Ticket ID=3", column_name: "TKT-Account Id", reason: "invalid_integer" }),
    ]);
    expect(
      await database.sql(`select load_status, records_errors from ${database.table("etl_metadata")}`),
    ).toEqual([{ load_status: "partial", records_errors: 8 }]);
  });

  test("does not let a rejected record replace a good one with the same key", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, [ticket(1)]);
    const outcome = await load(loader, tickets, [
      ticket(1, { "TKT-Status": "Closed" }),
      ticket(1, { "TKT-Status": "Lost", "TKT-Due Date": "?" }),
    ]);
    expect(outcome).toMatchObject({ fetched: 2, updated: 1, errors: 1, duplicates: 0 });
    expect(await database.sql(`select "TKT-Status" as status from ${database.table("tickets")}`)).toEqual([
      { status: "Closed" },
    ]);
  });

  test("stores more records than fit into memory", async () => {
    const database = await target.fresh();
    const filler = "x".repeat(100_000);
    const outcome = await load(
      database.open(),
      comments,
      many(90, (number) =>
        comment(number, { "TKTCT-VisibleCustomer": "maybe", "TKTCT-Comment": `${number}\t${filler}` }),
      ),
    );
    expect(outcome).toMatchObject({ status: "partial", fetched: 90, errors: 90, inserted: 0 });
    expect(
      await database.sql(
        `select count(*) as rows, min(length(raw_record)) > 100000 as whole,
           bool_and((raw_record::json ->> 'TKTCT-Comment') like position || E'\\tx%') as own
         from ${database.table("etl_rejects")}`,
      ),
    ).toEqual([{ rows: 90, whole: true, own: true }]);
  });
}

describeEachDatabase("the quarantine", testQuarantine);
describeDistributed("the quarantine", testQuarantine);

describeEachDatabase("a row that the database rejects", (target) => {
  test("goes to quarantine alone, with its SQLSTATE, and few statements find it", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const table = database.table("tickets");
    const statements = database.table("statements");
    // A sequence is not rolled back, so it counts what was tried and undone as well.
    await database.sql(`create sequence ${statements}`);
    await database.sql(
      `create function ${database.table("count_statement")}() returns trigger language plpgsql as
       $$ begin perform nextval('${statements.replaceAll("'", "''")}'); return null; end $$`,
    );
    await database.sql(
      `create trigger counts before insert on ${table} execute function ${database.table("count_statement")}()`,
    );
    await database.sql(
      `create function ${database.table("refuse")}() returns trigger language plpgsql as
       $$ begin if new."TKT-Title" = 'cursed' then raise exception 'cursed title'; end if; return new; end $$`,
    );
    await database.sql(
      `create trigger refuses before insert or update on ${table} for each row execute function ${database.table("refuse")}()`,
    );
    await database.sql(`alter table ${table} add constraint no_team check ("TKT-Team" <> 'Nobody')`);

    const records = many(2000, (number) =>
      ticket(number, {
        ...(number === 1 ? { "TKT-Team": "Nobody", Unknown: { kept: [true] } } : {}),
        ...(number === 1234 ? { "TKT-Title": "cursed" } : {}),
        ...(number === 2000 ? { "TKT-Team": "Nobody" } : {}),
      }),
    );
    const outcome = await load(loader, tickets, records);
    expect(outcome).toMatchObject({ status: "partial", fetched: 2000, inserted: 1997, errors: 3 });
    expect(
      await database.sql(
        `select position, record_key, reason, sql_state, message from ${database.table("etl_rejects")} order by position`,
      ),
    ).toEqual([
      {
        position: 1,
        record_key: 'TKT-Ticket ID="1"',
        reason: "refused_by_database",
        sql_state: "23514",
        message: expect.stringContaining("no_team"),
      },
      {
        position: 1234,
        record_key: 'TKT-Ticket ID="1234"',
        reason: "refused_by_database",
        sql_state: "P0001",
        message: expect.stringContaining("cursed title"),
      },
      expect.objectContaining({ position: 2000, sql_state: "23514" }),
    ]);
    const [raw] = await database.sql<{ raw: Record<string, unknown> }>(
      `select raw_record::json as raw from ${database.table("etl_rejects")} where position = 1`,
    );
    expect(raw?.raw).toMatchObject({ "TKT-Ticket ID": "1", "TKT-Team": "Nobody", Unknown: { kept: [true] } });
    const [tried] = await database.sql<{ count: number }>(`select last_value as count from ${statements}`);
    // Three rows among 2,000: two halves at each of eleven levels, once for each row at most.
    expect(tried?.count).toBeLessThan(2 * 11 * 3 + 2);

    // The same document again: the refused are refused again, nothing else is written.
    expect(await load(loader, tickets, records)).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 1997,
      errors: 3,
    });
  });

  test("because of a constraint that is deferred to the commit is found as well", async () => {
    const database = await target.fresh();
    const table = database.table("tickets");
    await database.sql(
      `alter table ${table} add constraint one_title unique ("TKT-Title") deferrable initially deferred`,
    );
    await database.sql(
      `create function ${database.table("refuse_late")}() returns trigger language plpgsql as
       $$ begin if new."TKT-Status" = 'Late' then raise exception using errcode = '23000', message = 'too late'; end if;
          return null; end $$`,
    );
    await database.sql(
      `create constraint trigger late after insert or update on ${table} deferrable initially deferred
       for each row execute function ${database.table("refuse_late")}()`,
    );
    const outcome = await load(database.open(), tickets, [
      ticket(1, { "TKT-Title": "same" }),
      ticket(2),
      ticket(3, { "TKT-Title": "same" }),
      ticket(4, { "TKT-Status": "Late" }),
    ]);
    expect(outcome).toMatchObject({ status: "partial", inserted: 2, errors: 2 });
    expect(
      await database.sql(
        `select position, sql_state from ${database.table("etl_rejects")} order by position`,
      ),
    ).toEqual([
      { position: 3, sql_state: "23505" },
      { position: 4, sql_state: "23000" },
    ]);
  });
});

describeEachDatabase(
  "a row that the database rejects, in detail",
  (target) => {
    test("keeps the row it would have changed as it was", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, many(5, ticket));
      await database.sql(
        `alter table ${database.table("tickets")} add check ("TKT-Status" in ('Open', 'Closed'))`,
      );
      const outcome = await load(
        loader,
        tickets,
        many(6, (number) => ticket(number, { "TKT-Status": number === 3 ? "Odd" : "Closed" })),
      );
      expect(outcome).toMatchObject({ inserted: 1, updated: 4, errors: 1 });
      expect(
        await database.sql(
          `select "TKT-Ticket ID" as id from ${database.table("tickets")} where "TKT-Status" = 'Open'`,
        ),
      ).toEqual([{ id: 3 }]);
    });

    test("because of the size of its key is found as well", async () => {
      const database = await target.fresh();
      const incompressible = randomBytes(9000).toString("base64");
      const outcome = await load(database.open(), timesheets, [
        timesheet("ann"),
        timesheet(incompressible),
        timesheet("bob"),
      ]);
      expect(outcome).toMatchObject({ status: "partial", inserted: 2, errors: 1 });
      expect(await database.sql(`select position, sql_state from ${database.table("etl_rejects")}`)).toEqual([
        { position: 2, sql_state: "54000" },
      ]);
    });

    test("fails the load when there are too many, and all are recorded", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, many(4, ticket));
      await database.sql(
        `alter table ${database.table("tickets")} add constraint nothing_new check ("TKT-Ticket ID" < 5)`,
      );
      const failed = await failingLoad(loader, tickets, many(8, ticket), { maxErrors: "2" });
      expect(failed.error).toMatchObject({ code: "guard" });
      expect(await database.sql(`select count(*) as rows from ${database.table("tickets")}`)).toEqual([
        { rows: 4 },
      ]);
      expect(
        await database.sql(`select distinct run_id, sql_state from ${database.table("etl_rejects")}`),
      ).toEqual([{ run_id: failed.runId, sql_state: "23514" }]);
    });

    test("silently, by a trigger that drops it, fails the load because the counts do not add up", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, many(3, ticket));
      await database.sql(
        `create function ${database.table("swallow")}() returns trigger language plpgsql as
       $$ begin if new."TKT-Ticket ID" = 5 then return null; end if; return new; end $$`,
      );
      await database.sql(
        `create trigger swallows before insert on ${database.table("tickets")}
       for each row execute function ${database.table("swallow")}()`,
      );
      const failed = await failingLoad(loader, tickets, many(6, ticket));
      expect(failed.error).toMatchObject({
        code: "internal",
        message: expect.stringContaining("6 fetched, but 2 inserted"),
      });
      expect(await database.sql(`select count(*) as rows from ${database.table("tickets")}`)).toEqual([
        { rows: 3 },
      ]);
    });
  },
  onOldest,
);
