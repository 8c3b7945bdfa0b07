import { expect, test } from "vitest";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { qualifiedName } from "../../../src/database/identifier.ts";
import { changeTimeZone } from "../../../src/loader/change-time-zone.ts";
import { loadDocuments } from "../../../src/loader/load-documents.ts";
import { planDocuments } from "../../../src/loader/plan-documents.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { beginLoad, load, plan } from "../../support/load-records.ts";
import { many, ticket, timesheet } from "../../support/sample-records.ts";

const PERTH = { OTC_TIMEZONE: "Australia/Perth" };

const entries = many(11, (number) => timesheet(`user${number}`, { "TS-Hours": 1 }));

const never = new AbortController().signal;

/** Reads by the loader's own connection: the embedded database has no other. */
async function rowsOf<Row>(loader: Loader, query: (table: (name: string) => string) => string) {
  const opened = await loader.database();
  return (await opened.query<Row>(query((name) => qualifiedName(opened.schema, name)))).rows;
}

async function pinned(loader: Loader): Promise<unknown> {
  const [row] = await rowsOf<{ zone: string | null }>(
    loader,
    (table) => `select time_zone as zone from ${table("etl_database")}`,
  );
  return row?.zone;
}

async function hours(loader: Loader): Promise<unknown> {
  const [row] = await rowsOf<{ hours: number }>(
    loader,
    (table) => `select sum("TS-Hours")::float8 as hours from ${table("timesheets")}`,
  );
  return row?.hours;
}

async function runs(loader: Loader): Promise<unknown> {
  const [row] = await rowsOf<{ runs: number }>(
    loader,
    (table) => `select count(*) as runs from ${table("etl_metadata")}`,
  );
  return row?.runs;
}

describeEachDatabase("the time zone of a database", (target) => {
  test("is that of the first load, and a load with another is refused before anything is fetched", async () => {
    const database = await target.fresh();
    const utc = database.open();
    await load(utc, timesheets, entries);
    expect(await pinned(utc)).toBe("UTC");
    await utc.close();

    const perth = database.open(PERTH);
    const refusal = {
      code: "configuration",
      message: expect.stringMatching(
        /written with the time zone UTC, and OTC_TIMEZONE is Australia\/Perth\. .* insert every record of timesheets a second time/,
      ),
      remedy: expect.stringMatching(/OTC_TIMEZONE=UTC.*otc-etl migrate --time-zone Australia\/Perth/),
    };
    let isFetched = false;
    const request = {
      views: [timesheets],
      atomic: false,
      errorLimit: { kind: "default" },
      allowShrink: true,
      sourceOf: () => ({
        kind: "file" as const,
        canReopen: false,
        origin: "a test",
        open: () => {
          isFetched = true;
          return Promise.reject(new Error("fetched"));
        },
      }),
      signal: never,
      onProgress: () => undefined,
      onOutcome: () => undefined,
    } as const;
    for (const kind of ["load", "import", "replay", "retry"] as const) {
      await expect(loadDocuments(perth, { ...request, kind })).rejects.toMatchObject(refusal);
    }
    await expect(planDocuments(perth, { ...request, samples: 1 })).rejects.toMatchObject(refusal);
    expect(isFetched).toBe(false);
    expect(await runs(perth)).toBe(1);
    expect(await hours(perth)).toBe(11);
  });

  test("is changed on purpose, and then the next load compares every record", async () => {
    const database = await target.fresh();
    const loader = database.open(PERTH);
    expect(await changeTimeZone(loader, "UTC", never)).toBeNull();
    await load(loader, tickets, many(4, ticket));
    expect(await pinned(loader)).toBe("Australia/Perth");
    expect(await changeTimeZone(loader, "Australia/West", never)).toBe("Australia/Perth");
    expect(await pinned(loader)).toBe("Australia/Perth");
    expect(await changeTimeZone(loader, "Europe/Vienna", never)).toBe("Australia/Perth");
    await expect(load(loader, tickets, many(4, ticket))).rejects.toMatchObject({ code: "configuration" });
    await loader.close();
    const vienna = database.open({ OTC_TIMEZONE: "Europe/Vienna" });
    expect(await load(vienna, tickets, many(4, ticket))).toMatchObject({ updated: 4, unchanged: 0 });
    await expect(changeTimeZone(vienna, "Mars/Olympus", never)).rejects.toMatchObject({
      code: "configuration",
      message: '--time-zone is "Mars/Olympus", which is not a time zone.',
    });
  });

  test("that was migrated from before is that of the first load", async () => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(24);
    await database.sql(
      `insert into ${database.table("timesheets")} ("TS-User Username", "TS-Date") values ('ann', now())`,
    );
    await database.migrate();
    const perth = database.open(PERTH);
    expect(await pinned(perth)).toBeNull();
    await load(perth, timesheets, entries);
    await perth.close();
    await expect(load(database.open(), timesheets, entries)).rejects.toMatchObject({ code: "configuration" });
  });
});

describeEachDatabase(
  "the time zone of a database in detail",
  (target) => {
    test("may be spelled in several ways, and the rows are known in each", async () => {
      const database = await target.fresh();
      const utc = database.open();
      await load(utc, tickets, many(4, ticket));
      await utc.close();
      const other = database.open({ OTC_TIMEZONE: "Etc/UTC" });
      await load(other, tickets, many(4, ticket));
      expect(await pinned(other)).toBe("UTC");
      expect(
        await rowsOf(
          other,
          (table) =>
            `select records_known as known from ${table("etl_metadata")} order by run_id desc limit 1`,
        ),
      ).toEqual([{ known: 4 }]);
    });

    test("of tables without rows is that of the next load, and a plan records none", async () => {
      const database = await target.fresh();
      const utc = database.open();
      await plan(utc, timesheets, entries);
      expect(await pinned(utc)).toBeNull();
      await load(utc, timesheets, []);
      expect(await pinned(utc)).toBe("UTC");
      await utc.close();
      const perth = database.open(PERTH);
      await plan(perth, timesheets, entries);
      expect(await pinned(perth)).toBe("UTC");
      await load(perth, timesheets, entries);
      expect(await pinned(perth)).toBe("Australia/Perth");
    });
  },
  onOldest,
);

describeEachDatabase(
  "the time zone of a database while a first load runs",
  (target) => {
    test("can neither be changed nor replaced", async () => {
      const database = await target.fresh();
      const held = await beginLoad(database.open(), timesheets, entries);
      const perth = database.open(PERTH);
      await expect(load(perth, tickets, [ticket(1)])).rejects.toMatchObject({ code: "configuration" });
      await expect(changeTimeZone(perth, "Australia/Perth", never)).rejects.toMatchObject({ code: "locked" });
      // Another view with the same zone does not wait.
      await load(database.open(), tickets, [ticket(1)]);
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "success", inserted: 11 });
      expect(await pinned(perth)).toBe("UTC");
    });
  },
  ({ engine }) => engine === "postgres",
);
