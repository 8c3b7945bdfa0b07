import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { pino } from "pino";
import { expect, test } from "vitest";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import timesheets from "../../../src/views/definitions/timesheets.ts";
import type { View } from "../../../src/views/view.ts";
import { readHealth } from "../../../src/runs/health/read-status.ts";
import { statusProblems } from "../../../src/runs/health/status-problems.ts";
import { describeEachDatabase } from "../../support/each-database.ts";
import { expositionOf, samplesOf } from "../../support/exposition.ts";
import { failingLoad, load, loadFromApi } from "../../support/load-records.ts";
import { comment, many, ticket, timesheet } from "../../support/sample-records.ts";
import { startWebhookServer, WEBHOOK_SECRET, type WebhookAnswer } from "../../support/webhook-server.ts";
import { sendDueAlerts } from "../../../src/loader/send-alerts.ts";

const BROKEN_DOCUMENT = "<html>";

describeEachDatabase(
  "alerts",
  (target) => {
    test("report a problem once, however many loads fail, and its end once", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open({ ...chat.env, OTC_ALERT_ON: "failed,partial,stale" });
      await load(loader, tickets, [ticket(1)]);
      // A view that was never loaded has not become worse.
      expect(chat.requests()).toBe(0);
      for (let night = 0; night < 3; night += 1) await failingLoad(loader, tickets, BROKEN_DOCUMENT);
      expect(chat.texts).toEqual([
        expect.stringMatching(
          /^🔴 otc-etl: tickets \(failed\)\ntickets: the last run \(2\) failed: .*web page.*\n→ /,
        ),
      ]);
      await load(loader, tickets, [ticket(1)]);
      await load(loader, tickets, [ticket(2)]);
      expect(chat.texts.slice(1)).toEqual([
        expect.stringMatching(
          /^🟢 otc-etl, recovered: tickets \(failed\)\ntickets: .* \(failed since 20.* UTC\)\./,
        ),
      ]);

      await load(loader, tickets, [ticket(1), ticket("?")]);
      expect(chat.texts[2]).toMatch(
        /put 1 of its 2 records in quarantine\.\n→ otc-etl rejects list --run \d+/,
      );
    });
  },
  ({ name }) => name !== "PostgreSQL 15",
);

describeEachDatabase(
  "schema drift",
  (target) => {
    test("is an alert and a problem of `status --check` until the next load, and reaches the chat if no mail arrives", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      let logged = "";
      const log = pino({ level: "warn" }, { write: (line: string) => (logged += line) });
      const mail = {
        OTC_SMTP_URL: "smtp://etl:canary-smtp@127.0.0.1:9",
        OTC_ALERT_MAIL_FROM: "otc-etl@example.com",
        OTC_ALERT_MAIL_TO: "team@example.com",
      };
      const loader = database.open({ ...chat.env, ...mail, OTC_ALERT_ON: "drift" }, log);
      const problems = async (): Promise<readonly string[]> =>
        statusProblems(await readHealth(await loader.database(), [tickets], 20), {
          maxAgeSeconds: 1000,
          maxRollbackRate: 1,
        }).map(({ text }) => text);
      await load(loader, tickets, [ticket(1)]);
      expect(await problems()).toEqual([]);
      await load(loader, tickets, [ticket(2, { Colour: "red" })], { allowShrink: true });
      expect(await problems()).toEqual([
        expect.stringMatching(/^tickets: schema drift in the last load: .*Colour/),
      ]);
      expect(chat.texts).toEqual([expect.stringMatching(/^🔴 otc-etl: tickets \(drift\)\n.*Colour/)]);
      expect(logged).toMatch(/alert not delivered, another channel has it: .*smtp:\/\/127\.0\.0\.1:9/);
      expect(logged).not.toContain("canary-smtp");
      await load(loader, tickets, [ticket(3, { Colour: "red" })]);
      expect(await problems()).toEqual([]);
      expect(chat.texts.slice(1)).toEqual([
        expect.stringMatching(/^🟢 otc-etl, recovered: tickets \(drift\)/),
      ]);
    });
  },
  ({ name }) => name !== "PostgreSQL 15",
);

describeEachDatabase(
  "rows that are missing, rekeyed or late",
  (target) => {
    test("are alerts, metrics and problems of `status --check` when there are more of them than usual", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open({
        ...chat.env,
        OTC_ALERT_ON: "missing,rekeyed,late",
        OTC_MISSING_TICKETS: "archive",
      });
      const found = async (view: View) => ({
        problems: statusProblems(await readHealth(await loader.database(), [view], 20), {
          maxAgeSeconds: 1000,
          maxRollbackRate: 1,
        }).map(({ text }) => text),
        metrics: Object.entries(samplesOf(await expositionOf(loader)))
          .filter(
            ([series, value]) => series.startsWith(`otc_etl_problem{view="${view.name}"`) && value === 1,
          )
          .map(([series]) => /condition="([a-z-]+)"/.exec(series)?.[1]),
      });
      const entry = (index: number, start = "09:00") =>
        timesheet("ann", {
          "TS-Date": new Date(Date.UTC(2025, 0, 1 + index)).toISOString(),
          "TS-Time From": start,
          "TS-Crm ID": 1,
        });
      const served = many(200, entry);
      const without = (from: number, count: number) => [
        ...served.slice(0, from),
        ...served.slice(from + count),
      ];

      await loadFromApi(loader, timesheets, served);
      await loadFromApi(loader, timesheets, served);
      expect(await found(timesheets)).toEqual({ problems: [], metrics: [] });
      const moved = [...without(100, 1), entry(101, "10:00")];
      await loadFromApi(loader, timesheets, moved);
      expect(await found(timesheets)).toEqual({
        problems: [
          "timesheets: the last load found 1 row whose record came with another key, more than usual (0).",
          "timesheets: the last load inserted 1 record that the load before should have had, more than usual (0).",
        ],
        metrics: ["rekeyed", "late"],
      });
      expect(chat.texts).toEqual([
        expect.stringMatching(
          /^🔴 otc-etl: timesheets \(late, rekeyed\)\n(.*\n)*.*another key.*\n→ otc-etl missing list --view timesheets\n/,
        ),
      ]);
      await loadFromApi(loader, timesheets, moved);
      expect(chat.texts.slice(1)).toEqual([
        expect.stringMatching(/^🟢 otc-etl, recovered: timesheets \(late, rekeyed\)/),
      ]);
      for (let night = 1; night <= 2; night += 1) await loadFromApi(loader, timesheets, without(100, 2));
      expect((await found(timesheets)).problems).toEqual([
        "timesheets: the last load found 2 rows that OTC no longer sends, more than usual (0).",
      ]);

      // More than a load removes.
      for (let night = 1; night <= 2; night += 1) await loadFromApi(loader, timesheets, without(80, 60));
      expect(await found(timesheets)).toEqual({
        problems: [
          expect.stringMatching(
            /^timesheets: the last committed run \(8\) did not judge or remove all missing rows: 58 of \d+ rows are missing/,
          ),
        ],
        metrics: ["partial", "missing-kept"],
      });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "alerts on a server",
  (target) => {
    test("report, after some time, what no load reports: stale data, and a run whose process died", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open(chat.env);
      await load(loader, comments, [comment(1)]);
      await database.sql(
        `update ${database.table("etl_metadata")} set last_load_time = now() - interval '27 hours'`,
      );
      await database.sql(
        `insert into ${database.table("etl_metadata")}
           (view_name, load_status, source, host, pid, otc_etl_version, load_start)
         values ('comments', 'running', 'a test', $1, $2, '0.0.0', now() - interval '1 hour')`,
        [hostname(), spawnSync(process.execPath, ["--eval", ""]).pid],
      );
      await sendDueAlerts(loader);
      expect(chat.texts).toHaveLength(1);
      expect(chat.texts[0]).toContain("comments: was last loaded 27.0 h ago, more than the 26.0 h allowed.");
      expect(chat.texts[0]).toMatch(/comments: the last run \(2\) was abandoned: /);
      // Of two runs there is no rate.
      expect(chat.texts[0]).not.toContain("% of the last runs");
    });

    test("are sent by only one of two processes that evaluate them at once", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      await failingLoad(database.open(), tickets, BROKEN_DOCUMENT);
      chat.answer = { status: 200, afterMs: 300 };
      const processes = [database.open(chat.env), database.open(chat.env)];
      await Promise.all(processes.map((loader) => sendDueAlerts(loader)));
      expect(chat.texts).toHaveLength(1);
    });

    test("do not report loads that were skipped or interrupted", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open({ ...chat.env, OTC_ALERT_ON: "failed" });
      await failingLoad(loader, tickets, BROKEN_DOCUMENT);
      // More of them than are looked at; the failure before them is not over.
      await database.sql(
        `insert into ${database.table("etl_metadata")}
           (view_name, load_status, error_code, source, host, pid, otc_etl_version)
         select 'tickets', 'failed', 'circuit_open', 'a test', 'here', 1, '0.0.0' from generate_series(1, 50)`,
      );
      await sendDueAlerts(loader);
      expect(chat.texts).toHaveLength(1);

      const interruption = new AbortController();
      interruption.abort();
      await failingLoad(loader, comments, [comment(1)], { signal: interruption.signal });
      expect(chat.texts).toHaveLength(1);
    });

    const FAULTS: readonly (readonly [what: string, answer: WebhookAnswer, requests: number])[] = [
      ["fails", { status: 500 }, 3],
      ["refuses", { status: 404 }, 1],
      ["redirects", { status: 307 }, 1],
    ];

    test.for(FAULTS)("do not fail a load when the webhook %s, and stay due", async ([, answer, requests]) => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      let logged = "";
      const log = pino({ level: "debug" }, { write: (line: string) => (logged += line) });
      const loader = database.open({ ...chat.env, OTC_ALERT_ON: "partial" }, log);
      chat.answer = answer;
      expect(await load(loader, tickets, [ticket(1), ticket("?")])).toMatchObject({ status: "partial" });
      expect(chat.requests()).toBe(requests);
      expect(logged).toMatch(/alert not delivered, .*No alert could be delivered to .*127\.0\.0\.1:\d+\/…:/);
      expect(logged).not.toContain(WEBHOOK_SECRET);

      chat.answer = { status: 200 };
      await sendDueAlerts(loader);
      expect(chat.texts).toHaveLength(1);
    });

    test("do not fail a load when nothing listens, or when they cannot be recorded", async () => {
      const database = await target.fresh();
      const env = { OTC_ALERT_WEBHOOK: "http://127.0.0.1:9/nobody" };
      expect(await failingLoad(database.open(env), tickets, BROKEN_DOCUMENT)).toMatchObject({
        status: "failed",
      });

      let logged = "";
      const log = pino({ level: "warn" }, { write: (line: string) => (logged += line) });
      await database.sql(`drop table ${database.table("alert_state")}`);
      expect(await load(database.open(env, log), tickets, [ticket(1)])).toMatchObject({ status: "success" });
      expect(logged).toContain("alerts were not checked: ");
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
