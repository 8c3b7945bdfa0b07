import { expect, test } from "vitest";
import { retryRejects } from "../../../src/loader/retry-rejects.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { failingLoad, type Fields, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";

const LIMIT = { OTC_MAX_STORED_REJECTS: "20" };

/** Tickets with due dates in a new format, and after them some without a key. */
function newFormat(dates: number, keyless: number): Fields[] {
  return many(dates + keyless, (number) =>
    number <= dates ? ticket(number, { "TKT-Due Date": "31.12.2026" }) : ticket(null),
  );
}

async function recordOf(database: DatabaseUnderTest, runId: number | null) {
  const [run] = await database.sql<Fields>(
    `select load_status as status, error_code as code, records_fetched as fetched, records_errors as errors,
       rejects_stored as stored, reject_reasons as reasons
     from ${database.table("etl_metadata")} where run_id = $1`,
    [runId],
  );
  return run;
}

function storedByReason(database: DatabaseUnderTest, runId: number | null) {
  return database.sql(
    `select reason, count(*) as records, min(position) as first
     from ${database.table("etl_rejects")} where run_id = $1 group by reason order by reason`,
    [runId],
  );
}

const REASONS = { "invalid_timestamp (TKT-Due Date)": 300, "missing_key (TKT-Ticket ID)": 50 };

describeEachDatabase("a document whose records are nearly all rejected", (target) => {
  test("stores the first rejected records and samples of each reason, and counts them all", async () => {
    const database = await target.fresh();
    const failed = await failingLoad(database.open(LIMIT), tickets, newFormat(300, 50));
    expect(failed).toMatchObject({ fetched: 350, errors: 350, error: { code: "guard" } });
    expect(await recordOf(database, failed.runId)).toEqual({
      status: "failed",
      code: "guard",
      fetched: 350,
      errors: 350,
      stored: 25,
      reasons: REASONS,
    });
    expect(await storedByReason(database, failed.runId)).toEqual([
      { reason: "invalid_timestamp", records: 20, first: 1 },
      { reason: "missing_key", records: 5, first: 301 },
    ]);
  });

  test("has exact counts when it is committed", async () => {
    const database = await target.fresh();
    const committed = await load(database.open(LIMIT), tickets, [...newFormat(300, 50), ticket(1000)], {
      maxErrors: "100%",
    });
    expect(committed).toMatchObject({ status: "partial", fetched: 351, inserted: 1, errors: 350 });
    expect(await recordOf(database, committed.runId)).toMatchObject({
      status: "partial",
      errors: 350,
      stored: 25,
      reasons: REASONS,
    });
  });

  test("is on record as failed even if its rejected records cannot be stored", async () => {
    const database = await target.fresh();
    await database.sql(
      `alter table ${database.table("etl_rejects")} add constraint none check (position < 0) not valid`,
    );
    const failed = await failingLoad(database.open(), tickets, newFormat(300, 50));
    expect(failed.error).toMatchObject({ code: "guard" });
    expect(await recordOf(database, failed.runId)).toMatchObject({
      status: "failed",
      code: "guard",
      errors: 350,
      stored: 0,
      reasons: REASONS,
    });
    expect(await storedByReason(database, failed.runId)).toEqual([]);
  });
});

describeEachDatabase(
  "a reload",
  (target) => {
    test("loses none of its records in a reload that rejects more of them again than a load would store", async () => {
      const database = await target.fresh();
      const first = await failingLoad(database.open(), tickets, newFormat(110, 0));
      const options = {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onOutcome: () => undefined,
      };
      const [outcome] = await retryRejects(database.open(LIMIT), await viewCatalog(), {}, options);
      expect(outcome).toMatchObject({ errors: 110 });
      expect(await storedByReason(database, first.runId)).toEqual([
        { reason: "invalid_timestamp", records: 110, first: 1 },
      ]);
    });
  },
  ({ engine }) => engine === "postgres",
);
