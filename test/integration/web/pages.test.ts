import { expect, onTestFinished, test } from "vitest";
import { withReadOnlyTransaction } from "../../../src/database/with-read-only-transaction.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { beginLoad, load } from "../../support/load-records.ts";
import { many, ticket } from "../../support/sample-records.ts";
import { HOSTILE, loadSample } from "../../support/served-sample.ts";
import { serve } from "../../support/web-server.ts";

/** A page without tags and with its white space folded, as somebody reads it. */
function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}

describeEachDatabase("the pages", (target) => {
  test("show the status of the views, the runs and the quarantine, and write nothing", async () => {
    const database = await target.fresh();
    const { env } = database;
    const loader = database.open();
    const site = await serve(env, { database: await loader.database() });
    const page = async (path: string): Promise<string> => {
      const { status, body } = await site.ask(path);
      expect(status, path).toBe(200);
      expect(body, path).not.toContain("<script>");
      // The accents of messages are for terminals.
      expect(body, path).not.toContain("`");
      expect(body, path).not.toContain("<img");
      return textOf(body);
    };
    expect(await page("/")).toMatch(/Nothing has been loaded yet .* otc-etl doctor .* otc-etl load/);
    expect(await page("/runs")).toContain("No runs yet");
    expect(await page("/rejects")).toContain("No record is in quarantine.");

    await loadSample(loader);
    // A page is remembered for a second.
    await expect.poll(() => page("/")).toContain("comments: was never loaded.");
    const status = await page("/");
    expect(status).toMatch(
      /timesheets: the last run \(3\) failed: The response is a web page.* Run 3 → It is a login or maintenance page\./,
    );
    expect(status).toMatch(/tickets fresh .* next load 2\d\d\d-.* rows about 60 quarantine 60 records/);
    expect(status).toMatch(/timesheets failing .* last load run 3 failed/);
    expect(status).toContain("No load is running.");

    expect(await page("/runs?view=tickets")).toMatch(/1 tickets load partial .* 120 60 0 0 60/);
    expect(await page("/runs?status=partial&kind=load&sort=errors")).toMatch(
      /largest first by errors .* 1 tickets load partial/,
    );
    expect(await page("/runs?status=skipped")).toContain("No run matches.");
    const today = new Date().toISOString().slice(0, 10);
    expect(await page(`/runs?from=${today}&to=2999-01-01&view=timesheets`)).toMatch(
      / 3 timesheets .* 2 timesheets /,
    );
    expect(await page(`/runs?to=2000-01-01`)).toContain("No run matches.");
    const unknown = await site.ask("/runs?status=nonsense&view=cars&from=2026-02-30");
    expect(unknown.status).toBe(404);
    expect(textOf(unknown.body)).toMatch(
      /There is no view "cars"\. .* There is no status "nonsense"\. Choose one of running, .* "2026-02-30" is no day for from\./,
    );
    expect(await page("/runs/3")).toMatch(/Run it again otc-etl load timesheets --from .* ← Run 2 all runs/);
    expect(await page("/runs/2")).toMatch(
      /Steps .* from beginning to end, .* begin record the run .* Run 3 →/,
    );

    const json = async (path: string): Promise<unknown> => JSON.parse((await site.ask(path)).body);
    expect(await json("/api/status")).toMatchObject([
      { view: "tickets", rows: 60, rejects: 60, lastLoad: { runId: 1, status: "partial" }, problems: [] },
      { view: "comments", problems: ["comments: was never loaded."] },
      {
        view: "timesheets",
        failuresInRow: 1,
        problems: [expect.stringMatching(/the last run \(3\) failed/)],
      },
    ]);
    expect(await json("/api/runs?view=timesheets&unknown=1")).toMatchObject([
      { runId: 3, status: "failed", errorCode: "document", remedy: expect.any(String) },
      { runId: 2, status: "success", inserted: 2 },
    ]);
    for (const path of ["/desk?weeks=5", "/desk/overlaps?weeks=nonsense", "/desk/missing?reason=nonsense"]) {
      expect(await site.ask(path), path).toMatchObject({
        status: 404,
        body: expect.stringMatching(/There is no such (period\. Choose the last 4 or 13 weeks|list)\./),
      });
    }
    const [, file = ""] =
      /<a class="button quiet" href="([^"]+)"/.exec(
        (await site.ask("/runs?view=timesheets&sort=errors")).body,
      ) ?? [];
    const csv = await site.ask(file.replaceAll("&amp;", "&"));
    expect(csv.headers).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="runs.csv"',
    });
    expect(csv.body).toMatch(
      /^\uFEFFrun,view,kind,status,started,ended,seconds,fetched,inserted,updated,skipped,errors,missing,error\r\n(?=[^]*2,timesheets,load,success,2\d\d\d-[^,]*Z,[^]*,2,2,0,0,0,0,\r\n)[^]*3,timesheets,load,failed,/,
    );
    expect(await site.ask("/api/runs.csv?kind=x")).toMatchObject({ status: 400 });
    expect(await site.ask("/api/runs?kind=x")).toMatchObject({
      status: 400,
      body: expect.stringContaining('"code":"usage"'),
    });
    const nothing = await site.ask("/api/nothing");
    expect(nothing.status).toBe(404);
    expect(JSON.parse(nothing.body)).toEqual({
      code: "usage",
      message: "There is no /api/nothing.",
      remedy: "The addresses for programs are /api/status, /api/runs, /api/runs.csv.",
    });
    const run = await page("/runs/1");
    expect(run).toMatch(/120 fetched inserted 60 updated 0 skipped 0 .* errors 60/);
    expect(run).toContain(`TKT-${HOSTILE} (60 records; rows keep it in extra)`);
    expect(run).toMatch(/invalid_integer tickets TKT-Ticket ID 60/);
    expect(await page("/runs/3")).toMatch(/web page.* → It is a login .* error code document .* rolled back/);

    const rejects = await site.ask("/rejects?reason=invalid_integer&run=1");
    const older = /href="([^"]+)" rel="next"/.exec(rejects.body)?.[1]?.replaceAll("&amp;", "&");
    expect(textOf(rejects.body)).toContain("60 records that could not be loaded");
    expect(textOf(rejects.body)).toContain('is "60 <img');
    expect(await page(older ?? "")).toContain('is "1 <img');
    expect(await page(`/rejects?key=${encodeURIComponent('"7 <img')}`)).toContain(
      "Quarantine 1 record that could",
    );
    expect(await page("/rejects?run=2")).toContain("No record in quarantine matches.");
    expect(await page("/rejects?reason=nonsense")).toMatch(/nonsense .* No record in quarantine matches\./);
    expect(await page("/rejects?field=TKT-Ticket+ID")).toMatch(
      /60 records .* for example invalid_integer tickets TKT-Ticket ID 60 "\d+ <img/,
    );
    await database.sql(
      `insert into ${database.table("etl_rejects")} (run_id, view_name, position, record_key, reason, message, raw_record)
       select 1, 'tickets', n, 'Common ' || n, 'other', 'made for this test', '' from generate_series(1, 1001) n`,
    );
    expect(await page("/rejects?key=Common")).toMatch(
      /More than 1,000 records match.* Add a word of the key/,
    );
    expect(await page("/rejects?key=Common+1001")).toContain("Quarantine 1 record that could");
    await database.sql(`delete from ${database.table("etl_rejects")} where reason = 'other'`);
    const wanted = `"TKT-Ticket ID": ${JSON.stringify(`1 ${HOSTILE}`)},`;
    expect(await page("/rejects/1")).toContain(wanted);
    const [, marked = ""] = /<mark>([^]*?)<\/mark>/.exec((await site.ask("/rejects/1")).body) ?? [];
    expect(textOf(marked).trim()).toBe(wanted);

    const attempt = withReadOnlyTransaction(
      await loader.database(),
      { statementMs: 1000, lockMs: 1000 },
      (transaction) => transaction.query(`delete from ${database.table("etl_rejects")}`),
    );
    await expect(attempt).rejects.toMatchObject({ sqlState: "25006" });

    for (const path of ["/nowhere", "/runs/99", "/runs/x", "/rejects/99999999999999999999", "/rejects/0"]) {
      expect(await site.ask(path), path).toMatchObject({
        status: 404,
        body: expect.stringContaining("<h1>"),
      });
    }
  });

  test("show a load while it runs, and wait only briefly for it", async () => {
    const database = await target.fresh();
    const { env } = database;
    const loader = database.open();
    await load(loader, tickets, [ticket(1)]);
    const shared = target.engine === "embedded" ? { database: await loader.database() } : {};
    const site = await serve(env, shared);
    expect(textOf((await site.ask("/")).body)).toContain("No load is running.");
    const held = await beginLoad(
      loader,
      tickets,
      many(3000, (id) => ticket(id)),
    );
    onTestFinished(() => {
      held.finish();
    });
    if (target.engine === "embedded") {
      // There is one session, and the load has it: the last look is better than none.
      await expect.poll(async () => textOf((await site.ask("/")).body)).toContain("The database is busy");
      const first = await site.ask("/runs");
      expect(first).toMatchObject({ status: 503, headers: { "retry-after": "10" } });
      expect(textOf(first.body)).toContain("The database is busy");
    } else {
      await expect
        .poll(async () => textOf((await site.ask("/")).body))
        .toMatch(/Loading tickets run 2 Reading the document .* [\d,]+ records/);
    }
    held.finish();
    expect(await held.outcome).toMatchObject({ status: "success" });
    // A page is remembered for a second, and the tickets were fresh before.
    await expect.poll(async () => textOf((await site.ask("/")).body)).toContain("No load is running.");
    expect(textOf((await site.ask("/")).body)).toMatch(/tickets fresh/);
  });
});
