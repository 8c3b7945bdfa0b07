import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { type Fields, load } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { tableShape } from "../../support/table-shape.ts";

/** With these texts more than enough bytes for the table to be filled directly. */
const ROWS = 1000;
const LONG = "x".repeat(5000);

/** The rows of a table in an order of their own, without those columns that tell one load from another. */
function contents(database: DatabaseUnderTest, table: string): Promise<readonly unknown[]> {
  return database.sql(`select * from ${database.table(table)} t order by t::text`);
}

/** A log, and whether it says that the rows went into the table themselves. */
function watchedLog() {
  let text = "";
  const log = pino({ level: "debug" }, { write: (line: string) => (text += line) });
  return { log, saysFilled: () => text.includes("the rows go into it themselves") };
}

describeEachDatabase("a first load into an empty table", (target) => {
  /** Loads into an empty table, which fills it directly. */
  const fill = async (records: readonly Fields[], view = tickets) => {
    const database = await target.fresh();
    const shape = await tableShape(database, database.table(view.table));
    const { log, saysFilled } = watchedLog();
    const loader = database.open({}, log);
    const outcome = await load(loader, view, records, { maxErrors: "50%" });
    expect(saysFilled()).toBe(true);
    expect(await tableShape(database, database.table(view.table))).toEqual(shape);
    return { database, loader, outcome };
  };
  /** Loads into a table that is not filled directly, because it may refuse rows for all anybody knows. */
  const stage = async (records: readonly Fields[]) => {
    const database = await target.fresh();
    await database.sql(`alter table ${database.table("tickets")} add check (true)`);
    return { database, outcome: await load(database.open(), tickets, records, { maxErrors: "50%" }) };
  };
  const rejects = ({ database }: { readonly database: DatabaseUnderTest }) =>
    database.sql(
      `select position, record_key, column_name, reason, sql_state, raw_record
       from ${database.table("etl_rejects")} order by position`,
    );

  test.each([
    ["many", 7],
    ["hardly any", 400],
  ])(
    "has the same result as staging when %s keys repeat: rows, counts, duplicates and quarantine",
    async (_case, every) => {
      const records = many(ROWS, (number) =>
        ticket(number % every === 0 ? number - 3 : number, {
          "TKT-Description": LONG,
          "TKT-Title": `Version ${number}`,
          ...(number % 100 === 1 ? { "TKT-Due Date": "?" } : {}),
          ...(number % 50 === 2 ? { Colour: "red" } : {}),
        }),
      );
      const [filled, staged] = [await fill(records), await stage(records)];
      const counts = ["fetched", "inserted", "updated", "skipped", "errors", "duplicates"] as const;
      for (const count of counts) expect(filled.outcome[count], count).toBe(staged.outcome[count]);
      expect(filled.outcome.duplicates).toBeGreaterThan(0);
      expect(await contents(filled.database, "tickets")).toEqual(await contents(staged.database, "tickets"));
      expect(await rejects(filled)).toEqual(await rejects(staged));
      const again = await load(filled.loader, tickets, records, { maxErrors: "50%" });
      expect(again).toMatchObject({ inserted: 0, updated: 0, duplicates: filled.outcome.duplicates });
    },
  );

  test("finds the row that is too large for an index, and loads the others", async () => {
    // Random, because an index compresses.
    const name = randomBytes(4000).toString("base64");
    const records = many(ROWS, (number) =>
      timesheet(number === 821 ? name : `user ${number}`, { "TS-Notes": LONG }),
    );
    const filled = await fill(records, timesheets);
    expect(filled.outcome).toMatchObject({ status: "partial", inserted: ROWS - 1, errors: 1 });
    expect(await rejects(filled)).toMatchObject([{ position: 821, sql_state: "54000" }]);
  });
});

describeEachDatabase(
  "a first load into an empty table without a unique key",
  (target) => {
    test("still keeps only the last of the few records with one key", async () => {
      const database = await target.fresh();
      await database.sql("alter table servicedesk.comments drop constraint comments_pkey");
      const records = many(ROWS, (number) =>
        comment(number === ROWS ? 1 : number, { "TKTCT-Comment": `${number} ${LONG}` }),
      );
      const { log, saysFilled } = watchedLog();
      expect(await load(database.open({}, log), comments, records)).toMatchObject({
        inserted: ROWS - 1,
        duplicates: 1,
      });
      expect(saysFilled()).toBe(true);
      expect(
        await database.sql("select comment_text from servicedesk.comments where comment_id = 1"),
      ).toEqual([{ comment_text: `${ROWS} ${LONG}` }]);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "a first load is staged",
  (target) => {
    const records = many(ROWS, (number) => comment(number, { "TKTCT-Comment": LONG }));

    /** @returns whether the rows went into the table themselves */
    async function fills(database: DatabaseUnderTest): Promise<boolean> {
      const { log, saysFilled } = watchedLog();
      expect(await load(database.open({}, log), comments, records)).toMatchObject({ inserted: ROWS });
      return saysFilled();
    }

    test.each([
      [
        "a constraint may refuse rows",
        `alter table servicedesk.comments add check (comment_text <> 'secret')`,
      ],
      ["a column must not be null", `alter table servicedesk.comments alter comment_text set not null`],
      [
        "a trigger is on the table",
        `create function servicedesk.touch() returns trigger language plpgsql as 'begin return new; end';
       create trigger touch before insert on servicedesk.comments for each row execute function servicedesk.touch()`,
      ],
      [
        "something of the analysts' hangs on its key",
        `create table servicedesk.remarks (comment_id bigint references servicedesk.comments)`,
      ],
      [
        "an index says more than its definition",
        `comment on index servicedesk.comments_ticket_id is 'for the team report'`,
      ],
      ["a column has another type", `alter table servicedesk.comments alter team type varchar(200)`],
      ["an index is of an expression", `create index on servicedesk.comments (lower(team))`],
      ["an index is of the other fields", `create index on servicedesk.comments (extra)`],
      ["an index has a column twice", `create index on servicedesk.comments (team, team)`],
      ["an index compares texts in its own way", `create index on servicedesk.comments (team bpchar_ops)`],
      [
        "something besides the key is unique",
        `create unique index on servicedesk.comments (user_name) include (comment_id)`,
      ],
      [
        "rows were deleted before",
        `insert into servicedesk.comments values (1); delete from servicedesk.comments`,
      ],
    ])("when %s", async (_reason, sql) => {
      const database = await target.fresh();
      for (const statement of sql.split(/;\s*(?=create trigger|delete)/)) await database.sql(statement);
      expect(await fills(database)).toBe(false);
    });

    test("while an analyst reads the table", async () => {
      const database = await target.fresh();
      const filled = await (
        await database.open().database()
      ).transaction(async (transaction) => {
        await transaction.query("select from servicedesk.comments");
        return fills(database);
      });
      expect(filled).toBe(false);
    });

    test("and in no other case", async () => {
      const database = await target.fresh();
      await database.sql("create unique index on servicedesk.comments (team, comment_id) include (user_id)");
      expect(await fills(database)).toBe(true);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
