import { describe, expect, inject, onTestFinished, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { faultyDatabase } from "../../support/database-fault.ts";
import { rightsOfLoader, roleOn } from "../../support/database-role.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";
import { tableShape } from "../../support/table-shape.ts";

/** Enough for the indexes to be worth dropping. */
const ROWS = 20_000;

const document = many(ROWS, (number) => ticket(number));

/** The files that a table's indexes lie in: another one after an index was built anew. */
function indexFiles(database: Pick<DatabaseUnderTest, "sql">, table: string): Promise<readonly unknown[]> {
  return database.sql(
    `select indexrelid::regclass::text as name, pg_relation_filenode(indexrelid) as file
     from pg_index where indrelid = $1::text::regclass
     order by name`,
    [table],
  );
}

describeEachDatabase("the indexes of an empty table", (target) => {
  test("are the same after they were dropped and rebuilt", async () => {
    const database = await target.fresh();
    const loader = database.open();
    for (const [view, records] of [
      [tickets, document],
      [timesheets, many(ROWS, (number) => timesheet(`user ${number}`))],
    ] as const) {
      const table = database.table(view.table);
      const [before, filesBefore] = [await tableShape(database, table), await indexFiles(database, table)];
      expect(await load(loader, view, records)).toMatchObject({ inserted: ROWS, errors: 0 });
      expect(await tableShape(database, table)).toEqual(before);
      expect(await indexFiles(database, table)).not.toEqual(filesBefore);
    }
  });

  test("are kept when the database rejects a row, and only that row goes to quarantine", async () => {
    const database = await target.fresh();
    await database.sql(
      `alter table ${database.table("tickets")} add constraint no_secrets check ("TKT-Title" <> 'secret')`,
    );
    const table = database.table("tickets");
    const before = await tableShape(database, table);
    const records = document.map((record, index) =>
      index === 12_345 ? { ...record, "TKT-Title": "secret" } : record,
    );
    const loader = database.open();
    expect(await load(loader, tickets, records)).toMatchObject({
      status: "partial",
      inserted: ROWS - 1,
      errors: 1,
    });
    expect(await tableShape(database, table)).toEqual(before);
    expect(await database.sql(`select position, sql_state from ${database.table("etl_rejects")}`)).toEqual([
      { position: 12_346, sql_state: "23514" },
    ]);
  });
});

const [server] = inject("postgres").slice(-1);

describe.skipIf(server === undefined)("the indexes of an empty table are kept up row by row", () => {
  const { url } = server!;
  const table = "servicedesk.comments";

  /** Loads into the empty table of comments. @returns whether its indexes were built anew */
  async function rebuilds(database: Awaited<ReturnType<typeof faultyDatabase>>, env = {}): Promise<boolean> {
    const before = await indexFiles(database, table);
    const records = many(ROWS, (number) => ({ "TKTCT-CommentID": number, "TKTCT-TicketID": 1 }));
    expect(await load(database.open(env), comments, records)).toMatchObject({ inserted: ROWS });
    return JSON.stringify(await indexFiles(database, table)) !== JSON.stringify(before);
  }

  test("by a role that does not own it", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const { env } = await roleOn(database, "", await rightsOfLoader());
    expect(await rebuilds(database, env)).toBe(false);
  });

  test("while an analyst reads it", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    const analyst = await (
      await database.open().database()
    ).transaction(async (transaction) => {
      await transaction.query(`select from ${table}`);
      return rebuilds(database);
    });
    expect(analyst).toBe(false);
  });

  test("when an object of the analysts depends on its key", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    await database.sql(`create table servicedesk.remarks (comment_id bigint references ${table})`);
    expect(await rebuilds(database)).toBe(false);
  });

  test("when an index has properties beyond its definition", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    await database.sql("comment on index servicedesk.comments_ticket_id is 'for the team report'");
    expect(await rebuilds(database)).toBe(false);
  });

  test("and in no other case", async () => {
    const database = await faultyDatabase(url, onTestFinished);
    expect(await rebuilds(database)).toBe(true);
  });
});
