import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { failingLoad, type Fields, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

/** `count` tickets, of which the first `bad` cannot be converted. */
function withBad(count: number, bad: number): Fields[] {
  return many(count, (number) => ticket(number, number <= bad ? { "TKT-Due Date": "?" } : {}));
}

async function rows(database: DatabaseUnderTest, table: string): Promise<unknown> {
  const [row] = await database.sql<{ rows: number }>(`select count(*) as rows from ${database.table(table)}`);
  return row?.rows;
}

describeEachDatabase("the error limit", (target) => {
  test("is a number of records", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await load(loader, tickets, withBad(20, 3), { maxErrors: "3" })).toMatchObject({
      status: "partial",
      inserted: 17,
      errors: 3,
    });
    const failed = await failingLoad(loader, tickets, withBad(40, 4), { maxErrors: "3" });
    expect(failed).toMatchObject({ fetched: 40, errors: 4, inserted: 0, error: { code: "guard" } });
    expect(failed.error.message).toBe("4 of 40 records cannot be loaded, more than the 3 allowed.");
    expect(await rows(database, "tickets")).toBe(17);
    // What was wrong stays on record: three of the first run, four of the failed one.
    expect(await rows(database, "etl_rejects")).toBe(7);
    expect(
      await database.sql(
        `select load_status, error_code, records_fetched, records_errors, records_inserted, load_end is not null as ended
         from ${database.table("etl_metadata")} where run_id = $1`,
        [failed.runId],
      ),
    ).toEqual([
      {
        load_status: "failed",
        error_code: "guard",
        records_fetched: 40,
        records_errors: 4,
        records_inserted: 0,
        ended: true,
      },
    ]);
    expect((await failingLoad(loader, tickets, withBad(20, 1), { maxErrors: "0" })).error).toMatchObject({
      code: "guard",
    });
  });

  test("is a share of the document", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await load(loader, tickets, withBad(200, 5), { maxErrors: "2.5%" })).toMatchObject({ errors: 5 });
    expect(await failingLoad(loader, tickets, withBad(200, 6), { maxErrors: "2.5%" })).toMatchObject({
      errors: 6,
    });
  });

  test("is a hundred records by default, or one in a hundred of a large document", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await failingLoad(loader, tickets, withBad(300, 101))).toMatchObject({ errors: 101 });
    expect(await rows(database, "tickets")).toBe(0);
    expect(await rows(database, "etl_rejects")).toBe(101);
    expect(await load(loader, tickets, withBad(300, 100))).toMatchObject({ errors: 100, inserted: 200 });
    expect(await load(loader, tickets, withBad(12_000, 120))).toMatchObject({ errors: 120 });
  });
});

describeEachDatabase("the shrink guard", (target) => {
  test("refuses a document with fewer than half of the last load's records, unless told otherwise", async () => {
    const database = await target.fresh();
    const loader = database.open();
    await load(loader, tickets, many(10, ticket));
    const failed = await failingLoad(loader, tickets, many(4, ticket));
    expect(failed).toMatchObject({ fetched: 4, error: { code: "guard" } });
    expect((failed.error as Error & { remedy?: string }).remedy).toContain("--allow-shrink");
    // A failed load is no measure for the next.
    expect((await failingLoad(loader, tickets, many(4, ticket))).status).toBe("failed");
    expect((await failingLoad(loader, tickets, [])).status).toBe("failed");
    expect(await load(loader, tickets, many(5, ticket))).toMatchObject({ unchanged: 5 });
    expect(await load(loader, tickets, many(1, ticket), { allowShrink: true })).toMatchObject({
      unchanged: 1,
    });
    expect(await load(loader, tickets, many(1, ticket))).toMatchObject({ unchanged: 1 });
    expect(await rows(database, "tickets")).toBe(10);
  });
});
