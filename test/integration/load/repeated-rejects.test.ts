import { expect, test } from "vitest";
import { prune } from "../../../src/loader/prune.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { retryRejects } from "../../../src/loader/retry-rejects.ts";
import { clearRejects, readReject, readRejects } from "../../../src/runs/rejects/read-rejects.ts";
import { RejectSpool } from "../../../src/runs/rejects/reject-spool.ts";
import { storeRejects } from "../../../src/runs/rejects/store-rejects.ts";
import { viewCatalog } from "../../../src/views/catalog.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { type DatabaseUnderTest, describeEachDatabase, onOldest } from "../../support/each-database.ts";
import { attemptLoad, failingLoad, load } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";

const BAD = { "TKT-Due Date": "31.12.2026" };

/** What the quarantine has of each record, in the order in which they were rejected first. */
function sightings(database: DatabaseUnderTest) {
  return database.sql(
    `select record_key as key, reason, position, run_id as first, last_seen_run_id as last, times_seen as times
     from ${database.table("etl_rejects")} order by reject_id`,
  );
}

/** The keys of the records that a run has rejected. */
async function rejectsOf(loader: Loader, runId: number | null) {
  const rejects = await readRejects(await loader.database(), { runId: runId ?? 0 }, 100);
  return rejects.map(({ key }) => key).toSorted();
}

const keyOf = (id: number) => `TKT-Ticket ID=${id}`;

describeEachDatabase("a record that is in quarantine already", (target) => {
  test("is counted in each run that rejects it, and stored once", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const records = [ticket(1), ticket(2, BAD), ticket("?"), ticket(3, BAD)];
    const first = await load(loader, tickets, records);
    const again = await load(loader, tickets, records);
    expect(again).toMatchObject({ status: "partial", fetched: 4, unchanged: 1, errors: 3 });
    // Ticket 3 is right now. Of ticket 4 one byte differs from ticket 2, and ticket 2 comes with another reason as well.
    const third = await load(loader, tickets, [
      ticket(4, BAD),
      ticket(3),
      ticket(2, BAD),
      ticket(2, { ...BAD, "TKT-Title": "Ticket 2 " }),
    ]);
    const fourth = await load(loader, tickets, [ticket(1), ticket("?"), ticket(2, BAD)]);

    const reject = (key: string, position: number, runs: readonly (number | null)[], times: number) => ({
      key,
      position,
      reason: key.includes("?") ? "invalid_integer" : "invalid_timestamp",
      first: runs[0],
      last: runs[1],
      times,
    });
    expect(await sightings(database)).toEqual([
      reject(keyOf(2), 2, [first.runId, fourth.runId], 4),
      reject('TKT-Ticket ID="?"', 3, [first.runId, fourth.runId], 3),
      reject(keyOf(3), 4, [first.runId, again.runId], 2),
      reject(keyOf(4), 1, [third.runId, third.runId], 1),
      reject(keyOf(2), 4, [third.runId, third.runId], 1),
    ]);
    expect(
      await database.sql(
        `select records_errors as errors, rejects_stored as stored, reject_reasons as reasons
         from ${database.table("etl_metadata")} order by run_id`,
      ),
    ).toEqual([
      ...[1, 2].map(() => ({
        errors: 3,
        stored: 3,
        reasons: { "invalid_timestamp (TKT-Due Date)": 2, "invalid_integer (TKT-Ticket ID)": 1 },
      })),
      { errors: 3, stored: 3, reasons: { "invalid_timestamp (TKT-Due Date)": 3 } },
      {
        errors: 2,
        stored: 2,
        reasons: { "invalid_timestamp (TKT-Due Date)": 1, "invalid_integer (TKT-Ticket ID)": 1 },
      },
    ]);
    // Each run has its records, also the one in the middle.
    expect(await rejectsOf(loader, first.runId)).toEqual(['TKT-Ticket ID="?"', keyOf(2), keyOf(3)]);
    expect(await rejectsOf(loader, again.runId)).toEqual(['TKT-Ticket ID="?"', keyOf(2), keyOf(3)]);
    expect(await rejectsOf(loader, third.runId)).toEqual([keyOf(2), keyOf(2), keyOf(4)]);
    expect(await rejectsOf(loader, fourth.runId)).toEqual(['TKT-Ticket ID="?"', keyOf(2)]);
  });

  test("is seen by failed loads and by the database's refusals, with the newest message", async () => {
    const database = await target.fresh();
    const loader = database.open();
    const add = (name: string) =>
      database.sql(
        `alter table ${database.table("tickets")} add constraint ${name} check ("TKT-Ticket ID" <> 2)`,
      );
    await add("first_rule");
    const records = [ticket(1), ticket(2), ticket("?")];
    const first = await failingLoad(loader, tickets, records, { maxErrors: "1" });
    await database.sql(`alter table ${database.table("tickets")} drop constraint first_rule`);
    await add("second_rule");
    const second = await failingLoad(loader, tickets, records, { maxErrors: "1" });
    const third = await load(loader, tickets, records);
    expect(
      await database.sql(
        `select reason, message like '%second_rule%' as newest, run_id as first, last_seen_run_id as last,
           times_seen as times
         from ${database.table("etl_rejects")} order by reason`,
      ),
    ).toEqual([
      { reason: "invalid_integer", newest: false, first: first.runId, last: third.runId, times: 3 },
      { reason: "refused_by_database", newest: true, first: first.runId, last: third.runId, times: 3 },
    ]);
    expect(await rejectsOf(loader, second.runId)).toHaveLength(2);
  });

  test("is kept, with its first and its last run, as long as runs see it", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_KEEP_RUNS: "100d", OTC_KEEP_REJECTS: "90d" });
    const records = [ticket(1), ticket(2, BAD), ticket("?")];
    await load(loader, tickets, records);
    await load(loader, tickets, records);
    await load(loader, tickets, records.slice(0, 2));
    await load(loader, tickets, records.slice(0, 1), { allowShrink: true });
    await load(loader, tickets, records.slice(0, 1));
    const age = (run: number, days: number) =>
      database.sql(
        `update ${database.table("etl_metadata")} set load_start = now() - $2 * interval '1 day' where run_id = $1`,
        [run, days],
      );
    await database.sql(
      `update ${database.table("etl_rejects")} set rejected_at = now() - interval '200 days'`,
    );
    for (const [run, days] of [200, 199, 80, 101, 101].entries()) await age(run + 1, days);
    const { signal } = new AbortController();
    // Nobody has seen "?" for 199 days. Ticket 2 was seen 80 days ago, and its first run stays with it.
    expect(await prune(loader, signal)).toEqual({ rejects: 1, runs: 2, requests: 0 });
    expect(await sightings(database)).toMatchObject([{ key: keyOf(2), first: 1, last: 3, times: 3 }]);
    const [reject] = await readRejects(await loader.database(), {}, 1);
    expect(await readReject(await loader.database(), reject!.rejectId)).toMatchObject({
      runId: 1,
      lastSeenRunId: 3,
      lastSeenAt: expect.any(Date),
      timesSeen: 3,
    });
    await age(3, 101);
    expect(await prune(loader, signal)).toMatchObject({ rejects: 1 });
  });

  test("is found among those of earlier versions, which the migration folds", async () => {
    const database = await target.fresh({ migrated: false });
    await database.migrate(34);
    const [runs, rejects] = [database.table("etl_metadata"), database.table("etl_rejects")];
    await database.sql(
      `insert into ${runs} (view_name, load_status, source, host, pid, otc_etl_version)
       select 'tickets', 'partial', 'a test', 'here', 1, '0' from generate_series(1, 4)`,
    );
    const raw = JSON.stringify(ticket(2, BAD));
    const stored = [
      [1, 2, raw],
      [1, 5, "null"],
      [1, 6, "null"],
      [2, 2, raw],
      [2, 9, "null"],
      [3, 3, raw],
      [4, 3, `${raw} `],
    ] as const;
    for (const [run, position, record] of stored) {
      await database.sql(
        `insert into ${rejects} (run_id, view_name, position, record_key, column_name, reason, message, raw_record)
         values ($1, 'tickets', $2, 'k', 'TKT-Due Date', $4, 'm', $3)`,
        [run, position, record, record === "null" ? "not_an_object" : "invalid_timestamp"],
      );
    }
    await database.migrate();
    const loader = database.open();
    const expected = [
      { reason: "invalid_timestamp", position: 2, first: 1, last: 3, times: 3 },
      { reason: "not_an_object", position: 5, first: 1, last: 2, times: 2 },
      { reason: "not_an_object", position: 6, first: 1, last: 1, times: 1 },
      { reason: "invalid_timestamp", position: 3, first: 4, last: 4, times: 1 },
    ];
    expect(await sightings(database)).toMatchObject(expected);
    for (const [run, count] of [
      [1, 3],
      [2, 2],
      [3, 1],
      [4, 1],
    ] as const) {
      expect(await rejectsOf(loader, run), `run ${run}`).toHaveLength(count);
    }
    const { runId } = await load(loader, tickets, [ticket(1), ticket(2, BAD)]);
    expect(await sightings(database)).toMatchObject([
      { ...expected[0], last: runId, times: 4 },
      ...expected.slice(1),
    ]);
  });
});

describeEachDatabase(
  "a record that is in quarantine already, in detail",
  (target) => {
    test("is another record in another view, and each of several equal ones is one", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const keyless = many(3, () => ({}));
      await load(loader, tickets, [ticket(1), ...keyless]);
      await load(loader, comments, [comment(1), ...keyless]);
      const last = await load(loader, tickets, [...keyless.slice(1), ticket(1)]);
      expect(
        await database.sql(
          `select view_name as view, position, times_seen as times
         from ${database.table("etl_rejects")} order by reject_id`,
        ),
      ).toEqual([
        { view: "tickets", position: 2, times: 2 },
        { view: "tickets", position: 3, times: 2 },
        { view: "tickets", position: 4, times: 1 },
        ...[2, 3, 4].map((position) => ({ view: "comments", position, times: 1 })),
      ]);
      expect(await rejectsOf(loader, last.runId)).toHaveLength(2);
    });

    test("is a new one when it comes again after it was reloaded or removed", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const records = [ticket(1), ticket(2, BAD), ticket("?")];
      const first = await load(loader, tickets, records);
      const again = await load(loader, tickets, records);
      // As if a later version read the format.
      await database.sql(
        `update ${database.table("etl_rejects")} set raw_record = replace(raw_record, '31.12.2026', '2026-12-31')`,
      );
      const options = {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onOutcome: () => undefined,
      };
      // A reload of the run that saw them again; it is no run that has seen them.
      const [reload] = await retryRejects(loader, await viewCatalog(), { runId: again.runId }, options);
      expect(reload).toMatchObject({ fetched: 2, inserted: 1, errors: 1 });
      expect(await sightings(database)).toMatchObject([{ first: first.runId, last: again.runId, times: 2 }]);
      expect(await clearRejects(await loader.database(), { runId: again.runId })).toBe(1);

      const later = await load(loader, tickets, records);
      expect(await sightings(database)).toMatchObject([
        { key: keyOf(2), first: later.runId, last: later.runId, times: 1 },
        { key: 'TKT-Ticket ID="?"', first: later.runId, last: later.runId, times: 1 },
      ]);
    });

    test("stays apart from an equal one when a reload finds the same reason for both", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const records = [ticket(1), ticket(2, BAD)];
      await load(loader, tickets, records);
      // As an earlier version may have called it.
      await database.sql(`update ${database.table("etl_rejects")} set reason = 'invalid_date'`);
      await load(loader, tickets, records);
      await load(loader, tickets, [ticket(1), ticket(3, BAD)], { allowShrink: true });
      await database.sql(
        `update ${database.table("etl_rejects")} set reason = 'invalid_date' where record_key = $1`,
        [keyOf(3)],
      );
      const options = {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onOutcome: () => undefined,
      };
      const [reload] = await retryRejects(loader, await viewCatalog(), { reason: "invalid_date" }, options);
      expect(reload).toMatchObject({ fetched: 2, errors: 2 });
      const last = await load(loader, tickets, [ticket(1), ticket(2, BAD), ticket(3, BAD)]);
      expect(await sightings(database)).toMatchObject([
        { key: keyOf(2), reason: "invalid_timestamp", first: 1, last: 1, times: 1 },
        { key: keyOf(2), reason: "invalid_timestamp", first: 2, last: last.runId, times: 2 },
        { key: keyOf(3), reason: "invalid_timestamp", first: 3, last: last.runId, times: 2 },
      ]);
    });
  },
  onOldest,
);

describeEachDatabase(
  "a load that meets the quarantine in use",
  (target) => {
    test("does not wait for the end of a reload that waits for it", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, [ticket(1), ticket(2, BAD)]);
      const options = {
        signal: new AbortController().signal,
        lockWaitMs: 60_000,
        onProgress: () => undefined,
        onOutcome: () => undefined,
      };
      const reloading = Promise.withResolvers<unknown>();
      const outcome = await attemptLoad(loader, tickets, [ticket(1), ticket(2, BAD), ticket(3)], {
        onProgress: ({ step }) => {
          // By now the load has the lock of the view.
          if (step === "classify") {
            void viewCatalog()
              .then((views) => retryRejects(loader, views, {}, options))
              .then(reloading.resolve, reloading.reject);
          }
        },
      });
      expect(outcome).toMatchObject({ status: "partial", errors: 1 });
      expect(await reloading.promise).toMatchObject([{ status: "partial", fetched: 1, errors: 1 }]);
    });

    test("stores a record once that another run stores at the same time, and nothing when it is rolled back", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, [ticket(1)]);
      await load(loader, tickets, [ticket(1)]);
      const connection = await loader.database();
      const rejects = new RejectSpool(10);
      for (const position of [1, 2]) {
        rejects.add({
          position,
          key: "k",
          field: null,
          reason: "r",
          message: "m",
          sqlState: null,
          raw: "{}",
        });
      }
      const store = (runId: number) =>
        connection.transaction((transaction) => storeRejects(transaction, { runId, view: tickets }, rejects));
      const killed = connection.transaction(async (transaction) => {
        await storeRejects(transaction, { runId: 1, view: tickets }, rejects);
        throw new Error("killed");
      });
      await expect(killed).rejects.toThrow("killed");
      expect(await sightings(database)).toEqual([]);
      await Promise.all([store(1), store(2)]);
      // A repeated attempt, as after a connection that broke at COMMIT, counts nothing twice.
      await store(2);
      expect(await sightings(database)).toMatchObject([{ times: 2 }, { times: 2 }]);
      await rejects.dispose();
    });

    test("of many records changes them where they are, and its indexes do not grow", async () => {
      const database = await target.fresh();
      const loader = database.open();
      const records = many(500, (number) => ticket(number, { ...BAD, "TKT-Description": "x".repeat(1000) }));
      // An analyze that begins by itself would see the old versions, and these then keep their room.
      await database.sql(`alter table ${database.table("etl_rejects")} set (autovacuum_enabled = off)`);
      const places: string[] = [];
      // The server clears old versions away only when no transaction of any database is as old as they are. Other tests
      // have such, so that a load now and then finds no room in a page.
      const wereChangedInPlace = () => places.length > 1 && places.at(-1) === places.at(-2);
      for (let run = 1; run <= 10 && !wereChangedInPlace(); run += 1) {
        await load(loader, tickets, records, { maxErrors: "100%" });
        const [stored] = await database.sql<{ rows: number; times: number; places: string }>(
          `select count(*)::int as rows, min(times_seen)::int as times,
             concat(
               md5(string_agg((ctid::text::point)[0]::text, ' ' order by reject_id)), ' ',
               pg_indexes_size('${database.table("etl_rejects")}')
             ) as places
           from ${database.table("etl_rejects")}`,
        );
        expect(stored).toMatchObject({ rows: 500, times: run });
        places.push(stored!.places);
      }
      expect(
        wereChangedInPlace(),
        `pages and sizes of the indexes after each load: ${places.join(", ")}`,
      ).toBe(true);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
