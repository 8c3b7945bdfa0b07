import { pino } from "pino";
import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const ROWS = 20;

const records = [...many(ROWS, (number) => ticket(number)), ticket(1, { "TKT-Title": "again" }), ticket("x")];

/** A log, and whether its last load found that there was nothing to compare. */
function watchedLog() {
  let text = "";
  const log = pino({ level: "debug" }, { write: (line: string) => (text += line) });
  const saysSame = (): boolean => {
    const says = text.includes("nothing to compare");
    text = "";
    return says;
  };
  return { log, saysSame };
}

describeEachDatabase("the document of the last load", (target) => {
  test("is not compared row by row, unless somebody has written to the table", async () => {
    const database = await target.fresh();
    const table = database.table("tickets");
    const { log, saysSame } = watchedLog();
    const loader = database.open({}, log);
    const loadAgain = async (document: readonly Fields[] = records) => {
      const outcome = await load(loader, tickets, document);
      const { inserted, updated, unchanged, duplicates, errors } = outcome;
      return { inserted, updated, unchanged, duplicates, errors, same: saysSame() };
    };
    const nothing = { inserted: 0, updated: 0, unchanged: ROWS, duplicates: 1, errors: 1 };

    expect(await loadAgain()).toMatchObject({ inserted: ROWS, same: false });
    expect(await loadAgain()).toEqual({ ...nothing, same: true });
    expect(await loadAgain()).toEqual({ ...nothing, same: true });
    expect(await database.sql(`select count(*)::int as n from ${database.table("etl_rejects")}`)).toEqual([
      { n: 3 },
    ]);

    await database.sql(`update ${table} set "TKT-Title" = 'by hand' where "TKT-Ticket ID" = 7`);
    expect(await loadAgain()).toEqual({ ...nothing, updated: 1, unchanged: ROWS - 1, same: false });
    await database.sql(`delete from ${table} where "TKT-Ticket ID" = 7`);
    expect(await loadAgain()).toEqual({ ...nothing, inserted: 1, unchanged: ROWS - 1, same: false });
    await database.sql(`insert into ${table} ("TKT-Ticket ID") values (1000)`);
    expect(await loadAgain()).toEqual({ ...nothing, same: false });
    expect(await loadAgain()).toEqual({ ...nothing, same: true });

    const [first, ...others] = records;
    expect(await loadAgain([...others, first!])).toMatchObject({ errors: 1, same: false });
  });
});

describeEachDatabase(
  "the document of the last load is compared all the same",
  (target) => {
    test("in another time zone", async () => {
      const database = await target.fresh();
      await load(database.open(), tickets, records);
      const elsewhere = database.open({ OTC_TIMEZONE: "Asia/Tokyo" });
      expect(await load(elsewhere, tickets, records)).toMatchObject({ updated: ROWS, unchanged: 0 });
    });

    test("when a transaction was under way that could have written to the table later", async () => {
      const database = await target.fresh();
      const { log, saysSame } = watchedLog();
      const loader = database.open({}, log);
      const other = await database.open().database();
      await other.transaction(async (transaction) => {
        await transaction.query("select pg_current_xact_id()");
        await load(loader, tickets, records);
        await transaction.query(
          `update servicedesk.tickets set "TKT-Title" = 'late' where "TKT-Ticket ID" = 7`,
        );
      });
      expect(await load(loader, tickets, records)).toMatchObject({ updated: 1, unchanged: ROWS - 1 });
      expect(saysSame()).toBe(false);
    });

    test("when a trigger makes other rows of it, or the database refused some", async () => {
      const database = await target.fresh();
      const { log, saysSame } = watchedLog();
      const loader = database.open({}, log);
      await database.sql(
        `alter table servicedesk.tickets add constraint no_seven check ("TKT-Ticket ID" <> 7)`,
      );
      const refused = { errors: 2, inserted: 0, updated: 0, unchanged: ROWS - 1 };
      await load(loader, tickets, records);
      expect(await load(loader, tickets, records)).toMatchObject(refused);
      expect(saysSame()).toBe(false);
      await database.sql(`alter table servicedesk.tickets drop constraint no_seven`);
      await database.sql(
        `create function servicedesk.shout() returns trigger language plpgsql as
         'begin new."TKT-Title" := upper(new."TKT-Title"); return new; end'`,
      );
      await database.sql(
        `create trigger shout before update on servicedesk.tickets for each row execute function servicedesk.shout()`,
      );
      await load(loader, tickets, records);
      expect(saysSame()).toBe(false);
      await database.sql(`update servicedesk.tickets set "TKT-Status" = 'Closed'`);
      expect(await load(loader, tickets, records)).toMatchObject({ updated: ROWS });
      expect(await load(loader, tickets, records)).toMatchObject({ updated: ROWS });
      expect(saysSame()).toBe(false);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
