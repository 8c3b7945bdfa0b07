import { rm } from "node:fs/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { missingSinceArchive } from "../../../src/loader/missing-since-archive.ts";
import { restoreMissing, showMissing } from "../../../src/loader/restore-missing.ts";
import { readMissing } from "../../../src/runs/queries/read-missing.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { apiSourceOf, type Fields, load, loadFromApi, plan } from "../../support/load-records.ts";
import { loadedDatabase } from "../../support/loaded-database.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { loadDocuments } from "../../../src/loader/load-documents.ts";

/** An entry of ann on a day of May 2025, with two hours. */
function entry(day: number, more: Fields = {}): Fields {
  return {
    "TS-User Username": "ann",
    "TS-Date": `2025-05-${String(day).padStart(2, "0")}T00:00:00Z`,
    "TS-Time From": "09:00",
    "TS-Crm ID": 1,
    "TS-Hours": 2,
    ...more,
  };
}

const NIGHT = many(20, (day) => entry(day));

/** A comment on each of nine days. */
const COMMENTS = many(9, (id) => ({
  "TKTCT-CommentID": id,
  "TKTCT-Created Time": `2025-05-0${id}T00:00:00Z`,
}));

/** The night without the entries of some days. */
function without(...days: readonly number[]): readonly Fields[] {
  return NIGHT.filter((_, index) => !days.includes(index + 1));
}

function daysOf(database: DatabaseUnderTest, table: string): Promise<readonly unknown[]> {
  return database
    .sql<{ day: number }>(
      `select extract(day from "TS-Date" at time zone 'UTC')::integer as day from ${database.table(table)} order by 1`,
    )
    .then((rows) => rows.map(({ day }) => day));
}

async function hours(database: DatabaseUnderTest): Promise<number> {
  const [row] = await database.sql<{ hours: number }>(
    `select coalesce(sum("TS-Hours"), 0)::float8 as hours from ${database.table("timesheets")} where deleted_at is null`,
  );
  return row?.hours ?? NaN;
}

function onRecord(database: DatabaseUnderTest): Promise<readonly unknown[]> {
  return database.sql(
    `select view_name as "view", action, reason from ${database.table("etl_missing")} order by missing_id`,
  );
}

describeEachDatabase("rows that OTC no longer sends", (target) => {
  test("are moved to the archive after two documents without them, and counted in the run", async () => {
    const database = await target.fresh();
    const loader = database.open();
    expect(await loadFromApi(loader, timesheets, NIGHT)).toMatchObject({ inserted: 20, missing: 0 });
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({
      status: "success",
      missing: 0,
    });
    expect(await onRecord(database)).toEqual([{ view: "timesheets", action: null, reason: null }]);
    const second = await loadFromApi(loader, timesheets, without(10));
    expect(second).toMatchObject({
      status: "success",
      fetched: 19,
      unchanged: 19,
      missing: 1,
      returned: 0,
      rekeyed: 0,
    });
    expect(await hours(database)).toBe(38);
    expect(await daysOf(database, "timesheets_deleted")).toEqual([10]);
    expect(
      await database.sql(
        `select deleted_run_id as run, deleted_reason as reason, "TS-Hours"::float8 as hours, deleted_at is not null as at
         from ${database.table("timesheets_deleted")}`,
      ),
    ).toEqual([{ run: second.runId, reason: "missing", hours: 2, at: true }]);
    expect(
      await database.sql(
        `select records_missing as missing, table_rows as rows from ${database.table("etl_metadata")} order by run_id desc limit 1`,
      ),
    ).toEqual([{ missing: 1, rows: 19 }]);
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 0, unchanged: 19 });
  });

  test("come back from the archive with what only an insert writes", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const colour = entry(10, { Colour: "grey" });
    await loadFromApi(loader, timesheets, [...without(10), colour]);
    await loadFromApi(loader, timesheets, without(10));
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
    expect(await loadFromApi(loader, timesheets, [...without(10), colour])).toMatchObject({
      fetched: 20,
      inserted: 0,
      updated: 0,
      unchanged: 20,
      returned: 1,
    });
    expect(await daysOf(database, "timesheets_deleted")).toEqual([]);
    expect(await onRecord(database)).toEqual([]);
    expect(await hours(database)).toBe(40);
    expect(await loadFromApi(loader, timesheets, [...without(10), colour])).toMatchObject({
      returned: 0,
      unchanged: 20,
    });
  });

  test("are the same whether the other rows are known or every record is compared", async () => {
    const { loader } = await loadedDatabase(target, timesheets, NIGHT);
    await loadFromApi(loader, timesheets, without(5, 10), { full: true });
    expect(await loadFromApi(loader, timesheets, without(5, 10), { full: true })).toMatchObject({
      missing: 2,
    });
    await loadFromApi(loader, timesheets, without(5, 10, 11));
    expect(await loadFromApi(loader, timesheets, without(5, 10, 11), { full: true })).toMatchObject({
      missing: 1,
    });
  });

  test("are archived at once, with a pointer to the new row, when a part of the key was corrected", async () => {
    const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
    const night = [
      ...without(5, 10, 12),
      entry(5, { "TS-Time From": "09:30" }),
      entry(10, { "TS-Crm ID": 2 }),
      // Neither the user nor the day may differ, nor both other parts.
      entry(12, { "TS-Time From": "10:00", "TS-Crm ID": 3 }),
    ];
    expect(await loadFromApi(loader, timesheets, night)).toMatchObject({
      fetched: 20,
      inserted: 3,
      unchanged: 17,
      missing: 0,
      rekeyed: 2,
    });
    expect(await daysOf(database, "timesheets_deleted")).toEqual([5, 10]);
    expect(
      await database.sql(
        `select new_key ->> 'TS-Time From' as "from", new_key -> 'TS-Crm ID' as crm, deleted_reason as reason
         from ${database.table("timesheets_deleted")} order by "TS-Date"`,
      ),
    ).toEqual([
      { from: "09:30", crm: 1, reason: "rekeyed" },
      { from: "09:00", crm: 2, reason: "rekeyed" },
    ]);
    expect(await loadFromApi(loader, timesheets, night)).toMatchObject({
      inserted: 0,
      missing: 1,
      rekeyed: 0,
    });
    expect(await hours(database)).toBe(40);
  });

  test("are only reported, once, in the mode report, and returned when they are there again", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const all = many(20, (number) =>
      ticket(number, { "TKT-Created Time": `2025-05-${String(number).padStart(2, "0")}T00:00:00Z` }),
    );
    const fewer = all.filter((_, index) => index !== 9);
    await loadFromApi(loader, tickets, all);
    await loadFromApi(loader, tickets, fewer);
    expect(await loadFromApi(loader, tickets, fewer)).toMatchObject({ status: "success", missing: 1 });
    expect(await loadFromApi(loader, tickets, fewer)).toMatchObject({ status: "success", missing: 0 });
    expect(await onRecord(database)).toEqual([{ view: "tickets", action: "reported", reason: "missing" }]);
    expect(await database.sql(`select count(*) as n from ${database.table("tickets")}`)).toEqual([{ n: 20 }]);
    expect(await loadFromApi(loader, tickets, all)).toMatchObject({ unchanged: 20, returned: 1 });
    expect(await onRecord(database)).toEqual([]);
  });

  test("are marked in the mode soft-delete, and the mark is cleared when they come back", async () => {
    const { database, loader } = await loadedDatabase(target, timesheets, NIGHT, {
      OTC_MISSING_TIMESHEETS: "soft-delete",
    });
    await loadFromApi(loader, timesheets, without(10));
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 0, returned: 0 });
    expect(await hours(database)).toBe(38);
    expect(await database.sql(`select count(*) as n from ${database.table("timesheets")}`)).toEqual([
      { n: 20 },
    ]);
    expect(await loadFromApi(loader, timesheets, NIGHT)).toMatchObject({ unchanged: 20, returned: 1 });
    expect(await hours(database)).toBe(40);
    expect(await onRecord(database)).toEqual([]);
  });

  test("are left out of the reports while they are deleted softly", async () => {
    const database = await target.fresh();
    const loader = database.open({
      OTC_MISSING_TIMESHEETS: "soft-delete",
      OTC_MISSING_TICKETS: "soft-delete",
    });
    const today = Date.now() - 20 * 86_400_000;
    const dated = (day: number) => new Date(today + day * 86_400_000).toISOString();
    const all = many(9, (number) => ticket(number, { "TKT-Created Time": dated(number) }));
    const night = many(9, (number) =>
      entry(1, {
        "TS-Date": dated(number),
        "TS-User Username": `user${number}`,
        "TS-User Full Name": `User ${number}`,
      }),
    );
    const fewer = (records: readonly Fields[]) => records.filter((_, index) => index !== 6);
    await loadFromApi(loader, tickets, all);
    await loadFromApi(loader, timesheets, night);
    const reports = async () => {
      const [row] = await database.sql(
        `select (select sum(tickets)::integer from ${database.table("v_team_tickets")}) as tickets,
           (select count(*)::integer from ${database.table("v_ticket_age")}) as active,
           (select sum(hours)::float8 from ${database.table("v_user_activity")}) as hours,
           (select sum(hours)::float8 from ${database.table("team_hours")}) as team_hours,
           (select count(*)::integer from ${database.table("user_lookup")}) as users,
           (select sum(total_records)::integer from ${database.table("v_data_freshness")}) as records`,
      );
      return row;
    };
    expect(await reports()).toEqual({
      tickets: 9,
      active: 9,
      hours: 18,
      team_hours: 18,
      users: 9,
      records: 18,
    });
    for (let nights = 0; nights < 2; nights += 1) {
      await loadFromApi(loader, tickets, fewer(all));
      await loadFromApi(loader, timesheets, fewer(night));
    }
    expect(await reports()).toEqual({
      tickets: 8,
      active: 8,
      hours: 16,
      team_hours: 16,
      users: 8,
      records: 16,
    });
    await loadFromApi(loader, tickets, all);
    await loadFromApi(loader, timesheets, night);
    expect(await reports()).toEqual({
      tickets: 9,
      active: 9,
      hours: 18,
      team_hours: 18,
      users: 9,
      records: 18,
    });
  });

  test("can be shown and restored, and then no load removes them until OTC has sent them again", async () => {
    const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
    await loadFromApi(loader, timesheets, without(10));
    await loadFromApi(loader, timesheets, without(10));
    const opened = await loader.database();
    const [missing] = await readMissing(opened, { view: "timesheets", action: "archived" }, 10);
    expect(missing).toMatchObject({ reason: "missing", key: { "TS-User Username": "ann", "TS-Crm ID": 1 } });
    const id = missing?.missingId ?? 0;
    expect(await showMissing(opened, id)).toMatchObject({
      values: { "TS-Hours": 2, deleted_reason: "missing" },
    });
    const log = pino({ level: "silent" });
    const { signal } = new AbortController();
    expect(await restoreMissing(opened, id, { log, signal })).toMatchObject({ action: "restored" });
    await expect(restoreMissing(opened, id, { log, signal })).rejects.toThrow(/not counted as missing/);
    await expect(restoreMissing(opened, 4711, { log, signal })).rejects.toThrow(/no missing row 4711/);
    expect(await hours(database)).toBe(40);
    for (let nights = 0; nights < 3; nights += 1) {
      expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 0 });
    }
    expect(await hours(database)).toBe(40);
    expect(await showMissing(opened, id)).toMatchObject({ values: { "TS-Hours": 2 } });
    expect(await loadFromApi(loader, timesheets, NIGHT)).toMatchObject({ returned: 1 });
    await loadFromApi(loader, timesheets, without(10));
    expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
  });

  test("are planned before they are removed", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const planOf = (records: readonly Fields[]) =>
      plan(loader, timesheets, undefined, { sourceOf: () => apiSourceOf(records) });
    await loadFromApi(loader, timesheets, NIGHT);
    expect(await planOf(without(10))).toMatchObject({
      missing: 0,
      missingRows: {
        missedOnce: 1,
        samples: [{ key: { "TS-Date": "2025-05-10T00:00:00.000000Z" }, reason: null }],
      },
    });
    await loadFromApi(loader, timesheets, without(10));
    const night = [...without(5, 10), entry(5, { "TS-Time From": "10:00" })];
    expect(await planOf(night)).toMatchObject({
      missing: 1,
      rekeyed: 1,
      missingRows: {
        missedOnce: 0,
        samples: [
          { key: { "TS-Date": "2025-05-10T00:00:00.000000Z" }, newKey: null, reason: "missing" },
          { key: { "TS-Time From": "09:00" }, newKey: { "TS-Time From": "10:00" }, reason: "rekeyed" },
        ],
      },
    });
    expect(await loadFromApi(loader, timesheets, night)).toMatchObject({ missing: 1, rekeyed: 1 });
  });

  test("that earlier loads left behind are found in the newest archived document, and nothing is changed", async () => {
    const database = await target.fresh();
    const directory = await scratchFolder();
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const loader = database.open({ OTC_ARCHIVE_DIR: directory, OTC_MISSING_TIMESHEETS: "ignore" });
    await loadFromApi(loader, timesheets, NIGHT);
    await loadFromApi(loader, timesheets, without(10, 11));
    const runs = await database.sql(`select run_id from ${database.table("etl_metadata")}`);
    const outcomes = await missingSinceArchive(loader, [tickets, timesheets], timesheets, {
      samples: 1,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onOutcome: () => undefined,
    });
    expect(outcomes).toMatchObject([
      {
        view: "timesheets",
        missingRows: {
          rows: 2,
          missedOnce: 2,
          samples: [{ key: { "TS-Date": "2025-05-10T00:00:00.000000Z" } }],
        },
      },
    ]);
    expect(await database.sql(`select run_id from ${database.table("etl_metadata")}`)).toEqual(runs);
    expect(await onRecord(database)).toEqual([]);
  });

  test("stay in the table when a table of somebody else refers to them, and the run says so", async () => {
    const archives = { OTC_MISSING_COMMENTS: "archive" };
    const { database, loader } = await loadedDatabase(target, comments, COMMENTS, archives);
    await database.sql(
      `create table ${database.table("notes")} (comment_id bigint references ${database.table("comments")})`,
    );
    await database.sql(`insert into ${database.table("notes")} values (5)`);
    const next = COMMENTS.filter((_, index) => index !== 4 && index !== 5);
    await loadFromApi(loader, comments, next);
    const outcome = await loadFromApi(loader, comments, next);
    expect(outcome).toMatchObject({ status: "partial", missing: 2 });
    expect(outcome.missingProblem).toMatch(/1 of 2 missing rows could not be removed.*notes/);
    expect(await database.sql(`select comment_id as id from ${database.table("comments_deleted")}`)).toEqual([
      { id: 6 },
    ]);
    expect(await loadFromApi(loader, comments, next)).toMatchObject({ status: "partial", missing: 0 });
  });

  test("are not missing while a record with their key is in quarantine", async () => {
    const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
    const night = [...without(10), entry(10, { "TS-Hours": "much" })];
    for (let nights = 0; nights < 3; nights += 1) {
      expect(await loadFromApi(loader, timesheets, night)).toMatchObject({
        status: "partial",
        errors: 1,
        missing: 0,
      });
    }
    expect(await hours(database)).toBe(40);
    expect(await onRecord(database)).toEqual([]);
  });
});

/** In detail; the statements are those of the tests above. */
describeEachDatabase(
  "rows that are missing",
  (target) => {
    test("stay when only one document was without them", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      for (const night of [without(10), NIGHT, without(10), NIGHT]) {
        expect(await loadFromApi(loader, timesheets, night)).toMatchObject({ missing: 0, returned: 0 });
      }
      expect(await hours(database)).toBe(40);
      expect(await onRecord(database)).toEqual([]);
    });

    test("are not judged outside the window of the document, which begins two days after its least date", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      // The least date is the 4th and the greatest the 18th.
      const night = without(1, 2, 3, 5, 6, 19, 20);
      await loadFromApi(loader, timesheets, night);
      expect(await loadFromApi(loader, timesheets, night)).toMatchObject({ missing: 1 });
      expect(await daysOf(database, "timesheets_deleted")).toEqual([6]);
      expect(await loadFromApi(loader, timesheets, [], { allowShrink: true })).toMatchObject({ missing: 0 });
    });

    test("have no window value where it is null, and then are never missing", async () => {
      const database = await target.fresh();
      const loader = database.open({ OTC_MISSING_COMMENTS: "archive" });
      const comment = (id: number, created: string | null): Fields => ({
        "TKTCT-CommentID": id,
        "TKTCT-Created Time": created,
      });
      const night = many(9, (id) => comment(id, `2025-05-0${id}T00:00:00Z`));
      await loadFromApi(loader, comments, [...night, comment(50, null)]);
      const next = COMMENTS.filter((_, index) => index !== 4);
      await loadFromApi(loader, comments, next);
      expect(await loadFromApi(loader, comments, next)).toMatchObject({ missing: 1 });
      expect(
        await database.sql(`select comment_id as id from ${database.table("comments_deleted")}`),
      ).toEqual([{ id: 5 }]);
    });

    test("count only when a load from the API misses them, not an import, a file or a reload", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      await loadFromApi(loader, timesheets, without(10));
      expect(await load(loader, timesheets, without(10))).toMatchObject({ missing: 0 });
      await loadDocuments(loader, {
        views: [timesheets],
        atomic: false,
        kind: "import",
        errorLimit: { kind: "default" },
        allowShrink: true,
        sourceOf: () => apiSourceOf(without(10)),
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onOutcome: () => undefined,
      });
      expect(await hours(database)).toBe(40);
      expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
    });

    test("are not judged while a rejected record has no readable key, and the run says so", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      await loadFromApi(loader, timesheets, without(10));
      const outcome = await loadFromApi(loader, timesheets, [
        ...without(10),
        entry(10, { "TS-Date": "soon" }),
      ]);
      expect(outcome).toMatchObject({ status: "partial", missing: 0 });
      expect(outcome.missingProblem).toMatch(/suspended/);
      expect(
        await database.sql(
          `select error_message as message from ${database.table("etl_metadata")} order by run_id desc limit 1`,
        ),
      ).toEqual([{ message: outcome.missingProblem }]);
      expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
    });

    test("are not removed when they are too many, until somebody accepts the number", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const all = many(120, (minute) => entry(10, { "TS-Time From": `10:${minute}` }));
      const few = all.slice(0, 60);
      await loadFromApi(loader, timesheets, [...NIGHT, ...all]);
      await loadFromApi(loader, timesheets, [...NIGHT, ...few]);
      for (let nights = 0; nights < 2; nights += 1) {
        const outcome = await loadFromApi(loader, timesheets, [
          ...NIGHT,
          ...few,
          entry(15, { "TS-User Username": `new ${nights}` }),
        ]);
        expect(outcome).toMatchObject({ status: "partial", inserted: 1, missing: 0 });
        expect(outcome.missingProblem).toMatch(/60 of .* rows are missing/);
        expect(await daysOf(database, "timesheets_deleted")).toEqual([]);
      }
      expect(await loadFromApi(loader, timesheets, [...NIGHT, ...few], { acceptMissing: 59 })).toMatchObject({
        status: "partial",
        missing: 0,
      });
      expect(await loadFromApi(loader, timesheets, [...NIGHT, ...few], { acceptMissing: 70 })).toMatchObject({
        status: "success",
        // With the two new entries, which only one document has contained.
        missing: 62,
      });
      expect(await hours(database)).toBe(160);
    });

    test("are ignored in the mode ignore", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT, {
        OTC_MISSING_TIMESHEETS: "ignore",
      });
      for (let nights = 0; nights < 3; nights += 1) {
        expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 0 });
      }
      expect(await onRecord(database)).toEqual([]);
    });

    test("are archived when the mode changes from report to archive", async () => {
      const database = await target.fresh();
      const reporting = database.open({ OTC_MISSING_TIMESHEETS: "report" });
      await loadFromApi(reporting, timesheets, NIGHT);
      await loadFromApi(reporting, timesheets, without(10));
      expect(await loadFromApi(reporting, timesheets, without(10))).toMatchObject({ missing: 1 });
      expect(await hours(database)).toBe(40);
      await reporting.close();
      const archiving = database.open();
      expect(await loadFromApi(archiving, timesheets, without(10))).toMatchObject({ missing: 1 });
      const { rows } = await (
        await archiving.database()
      ).query(`select count(*) as n from ${database.table("timesheets")}`);
      expect(rows).toEqual([{ n: 19 }]);
    });

    test("are not archived where that would delete rows of somebody else", async () => {
      const archives = { OTC_MISSING_COMMENTS: "archive" };
      const { database, loader } = await loadedDatabase(target, comments, COMMENTS, archives);
      await database.sql(
        `create table ${database.table("notes")} (comment_id bigint references ${database.table("comments")} on delete cascade)`,
      );
      await database.sql(`insert into ${database.table("notes")} values (5)`);
      const next = COMMENTS.filter((_, index) => index !== 4);
      await loadFromApi(loader, comments, next);
      const outcome = await loadFromApi(loader, comments, next);
      expect(outcome).toMatchObject({ status: "partial", missing: 1 });
      expect(outcome.missingProblem).toMatch(/notes/);
      expect(await database.sql(`select count(*) as n from ${database.table("notes")}`)).toEqual([{ n: 1 }]);
    });

    test("keep columns that somebody else has added, in the archive and back", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      await database.sql(
        `alter table ${database.table("timesheets")} add column invoice numeric, add column paid date`,
      );
      await database.sql(`update ${database.table("timesheets")} set invoice = 17.50, paid = '2025-06-01'`);
      await loadFromApi(loader, timesheets, without(10));
      expect(await loadFromApi(loader, timesheets, without(10))).toMatchObject({ missing: 1 });
      expect(await loadFromApi(loader, timesheets, NIGHT)).toMatchObject({ returned: 1 });
      expect(
        await database.sql(
          `select count(*) as n from ${database.table("timesheets")} where invoice = 17.5 and paid = '2025-06-01'`,
        ),
      ).toEqual([{ n: 20 }]);
    });

    test("leave no table of the load behind, and nothing is written on a night without changes", async () => {
      const { database, loader } = await loadedDatabase(target, timesheets, NIGHT);
      await loadFromApi(loader, timesheets, without(10));
      const before = await database.sql(
        `select xmin::text, ctid::text from ${database.table("timesheets")} order by 2`,
      );
      const entries = await database.sql(`select xmin::text from ${database.table("etl_missing")}`);
      await loadFromApi(loader, timesheets, [...without(10), entry(11, { "TS-Date": "soon" })]);
      expect(
        await database.sql(`select xmin::text, ctid::text from ${database.table("timesheets")} order by 2`),
      ).toEqual(before);
      expect(await database.sql(`select xmin::text from ${database.table("etl_missing")}`)).toEqual(entries);
      expect(
        await database.sql(
          `select relname from pg_class where relname ~ '^etl_(absent|unseen|rejected_keys|staging|delta)_'`,
        ),
      ).toEqual([]);
    });
  },
  onOldest,
);
