import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { Loader } from "../../../src/loader/loader.ts";
import type { FailedLoad } from "../../../src/runs/outcome.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import {
  apiSourceOf,
  documentOf,
  failingLoad,
  type Fields,
  load,
  loadFromApi,
  loadViews,
  plan,
} from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

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
    // What was wrong stays on record: three records of the first run, which the failed one saw again, and a fourth one.
    expect(
      await database.sql(
        `select times_seen as times, last_seen_run_id as last from ${database.table("etl_rejects")} order by reject_id`,
      ),
    ).toEqual([2, 2, 2, 1].map((times) => ({ times, last: failed.runId })));
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
});

describeEachDatabase(
  "the error limit in detail",
  (target) => {
    test("is a share of the document", async () => {
      const database = await target.fresh();
      const loader = database.open();
      expect(await load(loader, tickets, withBad(200, 5), { maxErrors: "2.5%" })).toMatchObject({
        errors: 5,
      });
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
  },
  onOldest,
);

const DAY_MS = 86_400_000;

/** Timesheets of a number of days ago, each of another user. */
function worked(daysAgo: number, count: number, prefix: string): Fields[] {
  const date = new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
  return many(count, (number) => timesheet(`${prefix}${number}`, { "TS-Date": date }));
}

async function late(database: DatabaseUnderTest): Promise<unknown> {
  const [run] = await database.sql<{ late: number | null }>(
    `select records_late as late from ${database.table("etl_metadata")} order by run_id desc limit 1`,
  );
  return run?.late;
}

const GUARDED = { allowLate: false } as const;

/** Loads timesheets as if OTC had sent them, and expects the load to fail. */
async function failFromApi(loader: Loader, records: readonly Fields[]): Promise<FailedLoad> {
  const sourceOf = () => apiSourceOf(records);
  const [outcome] = await loadViews(loader, [timesheets], { ...GUARDED, sourceOf });
  if (outcome?.status !== "failed") throw new Error("The load was expected to fail.");
  return outcome;
}

describeEachDatabase("the late-insert guard", (target) => {
  test("refuses many new records that the last load should have had, and names some", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const first = worked(30, 300, "ann");
    expect(await loadFromApi(loader, timesheets, first, GUARDED)).toMatchObject({ inserted: 300, late: 0 });
    // Every key has changed at the source.
    const rekeyed = first.map((record) => ({ ...record, "TS-Crm ID": 4711 }));
    const failed = await failFromApi(loader, rekeyed);
    expect(failed).toMatchObject({ inserted: 0, error: { code: "guard" } });
    expect(failed.error.message).toMatch(
      /^300 of 300 records are new, although their TS-Date is before .*; more than the 100 allowed\. For example: TS-User Username=ann1, TS-Date=.*, TS-Time From=null, TS-Crm ID=4711; TS-User Username=ann2, /,
    );
    expect(failed.error).toMatchObject({ remedy: expect.stringContaining("--allow-late") });
    expect(await rows(database, "timesheets")).toBe(300);
    const planned = await plan(loader, timesheets, undefined, {
      ...GUARDED,
      sourceOf: () => apiSourceOf(rekeyed),
    });
    expect(planned).toMatchObject({ inserted: 300, late: 300, guards: [{ guard: "late" }] });
    expect(await loadFromApi(loader, timesheets, rekeyed, { allowLate: true })).toMatchObject({
      inserted: 300,
      late: 300,
    });
    expect(await late(database)).toBe(300);
  });
});

describeEachDatabase(
  "the late-insert guard in detail",
  (target) => {
    test("accepts a hundred late records, or one in twenty of a large document", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const first = worked(30, 2400, "ann");
      await loadFromApi(loader, timesheets, first, GUARDED);
      const few = [...first.slice(120), ...worked(30, 120, "bob")];
      expect(await loadFromApi(loader, timesheets, few, GUARDED)).toMatchObject({ inserted: 120, late: 120 });
      const many = [...few.slice(121), ...worked(30, 121, "eve")];
      expect(await failFromApi(loader, many)).toMatchObject({ error: { code: "guard" } });
    });

    test("is not tripped by a first load, an empty table, the last two days, a week without loads, a file, or an import", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const metadata = database.table("etl_metadata");
      expect(await loadFromApi(loader, timesheets, worked(30, 200, "ann"), GUARDED)).toMatchObject({
        late: 0,
      });
      await database.sql(`truncate ${database.table("timesheets")}`);
      expect(await loadFromApi(loader, timesheets, worked(30, 200, "ann"), GUARDED)).toMatchObject({
        inserted: 200,
        late: 0,
      });
      const recent = [...worked(1, 150, "bob"), ...worked(30, 50, "joe")];
      expect(await loadFromApi(loader, timesheets, recent, GUARDED)).toMatchObject({
        inserted: 200,
        late: 50,
      });
      // The records of a week in which nothing was loaded are new.
      await database.sql(`update ${metadata} set load_start = load_start - interval '8 days'`);
      expect(await loadFromApi(loader, timesheets, worked(6, 300, "eve"), GUARDED)).toMatchObject({
        inserted: 300,
        late: 0,
      });
      // A file may be as old as it likes.
      expect(await load(loader, timesheets, worked(60, 300, "kim"), GUARDED)).toMatchObject({ late: 0 });
      const imported = await loadViews(loader, [timesheets], {
        ...GUARDED,
        kind: "import",
        stdin: Readable.from([Buffer.from(documentOf(worked(90, 300, "tom")))], { objectMode: false }),
      });
      expect(imported).toMatchObject([{ status: "success", inserted: 300, late: 0 }]);
      expect(await late(database)).toBeNull();
    });

    test("counts only what is inserted, and by the date of the record", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await loadFromApi(loader, tickets, many(3, ticket), GUARDED);
      await database.sql(
        `alter table ${database.table("tickets")} add constraint titled check ("TKT-Title" <> 'refused')`,
      );
      const night = [
        ...many(3, (number) => ticket(number, { "TKT-Title": "changed" })),
        ticket(4),
        ticket(5, { "TKT-Title": "refused" }),
        ticket(6, { "TKT-Created Time": null }),
        ticket(7, { "TKT-Created Time": new Date().toISOString() }),
      ];
      expect(await loadFromApi(loader, tickets, night, GUARDED)).toMatchObject({
        inserted: 3,
        updated: 3,
        errors: 1,
        late: 1,
      });
    });
  },
  onOldest,
);

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
