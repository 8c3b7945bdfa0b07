import { expect, test } from "vitest";
import { readHealth } from "../../../src/runs/health/read-status.ts";
import { shownStatus } from "../../../src/runs/health/shown-status.ts";
import { statusProblems } from "../../../src/runs/health/status-problems.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { type DatabaseUnderTest, describeEachDatabase } from "../../support/each-database.ts";
import { documentOf, failingLoad, load, loadViews } from "../../support/load-records.ts";
import { comment, many, ticket } from "../../support/sample-records.ts";
import { startWebhookServer } from "../../support/webhook-server.ts";
import { sendDueAlerts } from "../../../src/loader/send-alerts.ts";

const BROKEN_DOCUMENT = "<html>";

const LIMITS = { maxAgeSeconds: 1000, maxRollbackRate: 0.2 };

async function problemsOf(loader: ReturnType<DatabaseUnderTest["open"]>): Promise<readonly string[]> {
  const healths = await readHealth(await loader.database(), [tickets], 20);
  return statusProblems(healths, LIMITS).map(({ text }) => text);
}

describeEachDatabase(
  "a refusal of OTC",
  (target) => {
    test.for([401, 403, 404])(
      "with status %i does not open the circuit, and a corrected setting works at once",
      async (status) => {
        const database = await target.fresh();
        const fault = { kind: "status", status } as const;
        const server = await startDocumentServer(
          { tickets: documentOf(many(3, ticket)) },
          { 1: fault, 2: fault, 3: { kind: "status", status: 400 }, 4: fault },
        );
        const loader = database.open({ ...server.env, OTC_BREAKER_FAILURES: "1" });
        for (let attempt = 1; attempt <= 3; attempt += 1) {
          expect(await loadViews(loader, [tickets])).toMatchObject([{ error: { code: "source_rejected" } }]);
        }
        // Nor does it use up the only attempt after a cool-down.
        await database.sql(
          `update ${database.table("etl_circuit")} set failures_in_row = 1, opened_at = now() - interval '1 day'`,
        );
        expect(await loadViews(loader, [tickets])).toMatchObject([{ error: { code: "source_rejected" } }]);
        expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success" }]);
        expect(server.requests).toHaveLength(5);
      },
    );

    test("that is open says what failed last, and why", async () => {
      const database = await target.fresh();
      const server = await startDocumentServer(
        { tickets: documentOf(many(3, ticket)) },
        { 1: { kind: "status", status: 500 } },
      );
      const loader = database.open({ ...server.env, OTC_BREAKER_FAILURES: "1", OTC_RETRIES: "0" });
      await loadViews(loader, [tickets]);
      // A damaged file is no failure of OTC.
      await failingLoad(loader, tickets, BROKEN_DOCUMENT);
      const message =
        /1 fetch failed\. The last failure on record is that of tickets \(run 1, 20\S+Z\): OTC answered http\S+ with status 500\.$/;
      expect(await loadViews(loader, [comments])).toMatchObject([
        { error: { code: "circuit_open", message: expect.stringMatching(message) } },
      ]);
    });
  },
  ({ name }) => name !== "PostgreSQL 15",
);

describeEachDatabase(
  "a load that was interrupted or skipped",
  (target) => {
    test("is no failure: it sends no alert, and is not in the rollback rate", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open(chat.env);
      for (let night = 1; night <= 5; night += 1) await load(loader, tickets, [ticket(night)]);
      await database.sql(
        `insert into ${database.table("etl_metadata")}
           (view_name, load_status, error_code, error_message, source, host, pid, otc_etl_version, rollbacks)
         select 'tickets', 'failed', code, 'a test', 'here', 'here', 1, '0.0.0', 1
         from unnest(array['interrupted', 'locked', 'rate_limited', 'circuit_open']) as code
         cross join generate_series(1, 10)`,
      );
      await sendDueAlerts(loader);
      expect(chat.requests()).toBe(0);
      expect(await problemsOf(loader)).toEqual([]);
      const [health] = await readHealth(await loader.database(), [tickets], 50);
      expect(health).toMatchObject({ rollbackRate: 0, failuresInRow: 0, lastLoad: { status: "success" } });
      expect(new Set(health!.runs.map((run) => shownStatus(run)))).toEqual(
        new Set(["success", "skipped", "interrupted"]),
      );
    });
  },
  ({ name }) => name !== "PostgreSQL 15",
);

describeEachDatabase(
  "a problem of a view",
  (target) => {
    test("is a rollback rate of at least five loads, and a quarantine that grew since a load before", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, tickets, [...many(9, ticket), ticket("?"), ticket("??")]);
      expect(await problemsOf(loader)).toEqual([]);
      await failingLoad(loader, tickets, BROKEN_DOCUMENT);
      await failingLoad(loader, tickets, BROKEN_DOCUMENT);
      await load(loader, tickets, many(9, ticket));
      expect(await problemsOf(loader)).toEqual([]);
      await load(loader, tickets, [...many(9, ticket), ticket("?")]);
      expect(await problemsOf(loader)).toEqual([
        "tickets: 40 % of the last runs were rolled back, more than the 20 % allowed.",
        "tickets: the last load put 1 more record in quarantine than the one before.",
      ]);
    });

    test("that records are in quarantine is not over because a load failed", async () => {
      const database = await target.fresh();
      const chat = await startWebhookServer();
      const loader = database.open({ ...chat.env, OTC_ALERT_ON: "partial" });
      await load(loader, comments, [comment(1), comment("?")]);
      await failingLoad(loader, comments, BROKEN_DOCUMENT);
      expect(chat.texts).toEqual([expect.stringMatching(/^🔴 otc-etl: comments \(partial\)/)]);
      await load(loader, comments, [comment(1)]);
      expect(chat.texts[1]).toMatch(/^🟢 otc-etl, recovered: comments \(partial\)/);
    });

    test("of a failed load names the committed load whose records are in quarantine", async () => {
      const database = await target.fresh();
      const loader = database.open();
      await load(loader, comments, [comment(1), comment("?")]);
      await failingLoad(loader, comments, BROKEN_DOCUMENT);
      const chat = await startWebhookServer();
      await sendDueAlerts(database.open({ ...chat.env, OTC_ALERT_ON: "partial" }));
      expect(chat.texts[0]).toMatch(
        /the last committed run \(1\) put 1 of its 2 records in quarantine\.\n→ otc-etl rejects list --run 1\n/,
      );
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
