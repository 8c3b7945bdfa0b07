import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const ROWS = 20;

const records = [...many(ROWS, (number) => ticket(number)), ticket(1, { "TKT-Title": "again" }), ticket("x")];

/** What the document makes of the table, in the order of the ids. */
function rowsOf(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    `select "TKT-Ticket ID", "TKT-Title", "TKT-Status", "TKT-Team", "TKT-Category", "TKT-Created Time", "TKT-Modified Time"
     from ${database.table("tickets")} order by 1`,
  );
}

/** What somebody does to the table between two loads of one document, and how many rows that damages. */
const DAMAGES: readonly {
  readonly damage: string;
  /** Done before the document is loaded, when the table holds an older one. */
  readonly before?: (table: string) => readonly string[];
  readonly statements: (table: string) => readonly string[];
  readonly inserted?: number;
  readonly updated: number;
}[] = [
  {
    damage: "a column is dropped and added again",
    statements: (table) => [
      `alter table ${table} drop column "TKT-Team" cascade`,
      `alter table ${table} add column "TKT-Team" text`,
    ],
    updated: ROWS,
  },
  {
    damage: "two columns are renamed into each other",
    statements: (table) => [
      `alter table ${table} rename column "TKT-Severity" to other`,
      `alter table ${table} rename column "TKT-Status" to "TKT-Severity"`,
      `alter table ${table} rename column other to "TKT-Status"`,
    ],
    updated: ROWS,
  },
  {
    damage: "an older copy of the table is renamed into its place",
    before: (table) => [
      `create table ${copyOf(table)} (like ${table} including all)`,
      `insert into ${copyOf(table)} select * from ${table}`,
    ],
    statements: (table) => [
      `alter table ${table} rename to newer`,
      `alter table ${copyOf(table)} rename to tickets`,
    ],
    updated: ROWS,
  },
  {
    damage: "rows are changed and deleted by hand",
    statements: (table) => [
      `update ${table} set "TKT-Title" = 'by hand' where "TKT-Ticket ID" in (3, 4, 7)`,
      `delete from ${table} where "TKT-Ticket ID" in (7, 8)`,
    ],
    inserted: 2,
    updated: 2,
  },
];

function copyOf(table: string): string {
  return table.replace("tickets", "copy");
}

describeEachDatabase("a document that was loaded last", (target) => {
  test.for(DAMAGES)(
    "repairs the rows when it is loaded again after $damage",
    async ({ before, statements, inserted = 0, updated }) => {
      const database = await target.fresh();
      const table = database.table("tickets");
      const loader = database.open();
      const nothing = { inserted: 0, updated: 0, unchanged: ROWS, duplicates: 1, errors: 1 };
      const older = many(ROWS, (number) => ticket(number, { "TKT-Status": "Old" }));
      expect(await load(loader, tickets, older)).toMatchObject({ inserted: ROWS });
      for (const statement of before?.(table) ?? []) await database.sql(statement);
      expect(await load(loader, tickets, records)).toMatchObject({ updated: ROWS });
      expect(await load(loader, tickets, records)).toMatchObject(nothing);
      const rows = await rowsOf(database);

      for (const statement of statements(table)) await database.sql(statement);
      expect(await load(loader, tickets, records)).toMatchObject({
        ...nothing,
        inserted,
        updated,
        unchanged: ROWS - inserted - updated,
      });
      expect(await rowsOf(database)).toEqual(rows);
      expect(await load(loader, tickets, records)).toMatchObject(nothing);
    },
  );
});
