import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { attemptLoad, load } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";
import { prune } from "../../../src/loader/prune.ts";

describeEachDatabase("old records", (target) => {
  test("of runs are deleted, but not the last committed ones, and no total goes down", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_KEEP_RUNS: "100d", OTC_KEEP_REJECTS: "10d" });
    const metadata = database.table("etl_metadata");
    const runs = async () =>
      (await database.sql<{ id: number }>(`select run_id as id from ${metadata} order by run_id`)).map(
        ({ id }) => id,
      );
    const totals = () => database.sql(`select t::text from ${database.table("etl_run_totals")} t order by 1`);
    const history = () =>
      database.sql(`select * from ${database.table("ticket_history")} order by history_id`);
    const { signal } = new AbortController();

    await load(loader, tickets, [ticket(1)]);
    await load(loader, tickets, [ticket(1, { "TKT-Status": "Closed" })]);
    await load(loader, tickets, [...many(2, (id) => ticket(id)), ticket("?")]);
    await attemptLoad(loader, tickets, []);
    await load(loader, comments, [comment(1)]);
    await load(
      loader,
      tickets,
      many(2, (id) => ticket(id)),
    );
    await load(loader, comments, [comment(1)]);
    const [totalsBefore, historyBefore] = [await totals(), await history()];
    expect(historyBefore.length).toBeGreaterThan(0);
    expect(await prune(loader, signal)).toEqual({ runs: 0, rejects: 0, requests: 0 });

    // A run stays while a rejected record of it does, and one that is younger.
    await database.sql(`update ${metadata} set load_start = now() - interval '101 days' where run_id <> 5`);
    await database.sql(`update ${metadata} set load_start = now() - interval '99 days' where run_id = 5`);
    expect(await prune(loader, signal)).toEqual({ runs: 3, rejects: 0, requests: 0 });
    expect(await runs()).toEqual([3, 5, 6, 7]);
    await database.sql(
      `update ${database.table("etl_rejects")} set rejected_at = now() - interval '11 days'`,
    );
    await database.sql(`update ${metadata} set load_start = now() - interval '1000 days'`);
    await database.sql(
      `insert into ${database.table("etl_requests")} (request_id, view_id, requested_at)
       select gen_random_uuid(), '1', now() - n * interval '1 day' from generate_series(0, 9) as n`,
    );
    expect(await prune(loader, signal)).toEqual({ runs: 2, rejects: 1, requests: 3 });
    expect(await runs()).toEqual([6, 7]);
    expect(await totals()).toEqual(totalsBefore);
    expect(await history()).toEqual(historyBefore);
    // What the next load compares itself with is still known.
    expect(await attemptLoad(loader, tickets, [])).toMatchObject({
      status: "failed",
      error: { code: "guard" },
    });
  });

  test("are deleted in batches, not after an interruption, and never where the settings say so", async () => {
    const database = await target.fresh();
    const loader = database.open({ OTC_KEEP_RUNS: "0d", OTC_KEEP_REJECTS: "0d" });
    const { signal } = new AbortController();
    await load(loader, tickets, [ticket("?"), ticket(1)]);
    await database.sql(
      `insert into ${database.table("etl_rejects")} (run_id, view_name, position, reason, message, raw_record, rejected_at)
       select 1, 'tickets', n, 'x', 'x', '{}', now() - interval '1000 days' from generate_series(1, 2500) as n`,
    );
    expect(await prune(loader, signal)).toEqual({ runs: 0, rejects: 0, requests: 0 });
    await loader.close();
    const other = database.open();
    expect(await prune(other, AbortSignal.abort())).toEqual({ runs: 0, rejects: 0, requests: 0 });
    expect(await prune(other, signal)).toEqual({ runs: 0, rejects: 2500, requests: 0 });
  });
});
