import { describe, expect, inject, onTestFinished, test } from "vitest";
import { OtcError } from "../../../src/errors/otc-error.ts";
import type { Loader } from "../../../src/loader/loader.ts";
import { readStatus } from "../../../src/runs/health/read-status.ts";
import comments from "../../../src/views/definitions/comments.ts";
import tickets from "../../../src/views/definitions/tickets.ts";
import {
  backendRunning,
  expectNothingLeft,
  expectRolledBack,
  type FaultyDatabase,
  faultyDatabase,
  holdInserts,
  INSERTS,
  moreTickets,
} from "../../support/database-fault.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import {
  attemptLoad,
  beginLoad,
  documentOf,
  failingLoad,
  load,
  loadViews,
} from "../../support/load-records.ts";
import { migrateBy } from "../../support/migrate-by.ts";
import { pgbouncerInstalled, startPgbouncer } from "../../support/pgbouncer.ts";
import { comment, many } from "../../support/sample-records.ts";

const servers = pgbouncerInstalled() ? inject("postgres") : [];

interface Pooled {
  readonly database: FaultyDatabase;
  readonly url: string;
  readonly open: (env?: Readonly<Record<string, string>>) => Loader;
}

async function pooled(serverUrl: string, poolSize: number): Promise<Pooled> {
  const database = await faultyDatabase(serverUrl, onTestFinished);
  const pgbouncer = await startPgbouncer(serverUrl, poolSize);
  onTestFinished(() => pgbouncer.stop());
  const url = new URL(database.url);
  url.port = String(pgbouncer.port);
  return {
    database,
    url: url.href,
    open: (env = {}) => database.open({ ...env, OTC_DATABASE_URL: url.href }),
  };
}

describe.skipIf(servers.length === 0).each(servers)(
  "pgbouncer in transaction mode (PostgreSQL $major)",
  ({ url: serverUrl }) => {
    test("supports migrate, load, a re-run and status, and no setting outlives its transaction", async () => {
      const { database, url, open } = await pooled(serverUrl, 2);
      const env = { OTC_PG_SCHEMA: "through the pool" };
      await migrateBy({ OTC_DATABASE_URL: url, ...env });
      const api = await startDocumentServer({ tickets: documentOf(moreTickets(3000)) });
      const loader = open({ ...env, ...api.env });
      expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success", inserted: 3000 }]);
      expect(await loadViews(loader, [tickets])).toMatchObject([{ status: "success", unchanged: 3000 }]);
      const through = await loader.database();
      expect(await readStatus(through, [tickets], 5)).toMatchObject([
        { view: "tickets", rows: 3000, runs: [{ status: "success" }, { status: "success" }] },
      ]);
      const { rows } = await through.query(
        `select name from pg_settings
         where setting <> reset_val and name ~ 'timeout|enable_|jit|search_path'
           -- Shown as the kernel has it, whatever it is reset to.
           or name = 'tcp_keepalives_idle' and setting = '20'`,
      );
      expect(rows).toEqual([]);
      const named = await through.query("select current_setting('application_name') as name");
      expect(named.rows).toEqual([{ name: "otc-etl" }]);
      await expectNothingLeft(database);
    });

    test("lets two views be loaded at once, and one view only once", async () => {
      const { database, open } = await pooled(serverUrl, 3);
      const held = await beginLoad(open(), tickets, moreTickets(50));
      expect(
        await load(
          open(),
          comments,
          many(30, (id) => comment(id)),
        ),
      ).toMatchObject({ inserted: 30 });
      const refused = await failingLoad(open(), tickets, moreTickets(50));
      expect(refused.error).toMatchObject({
        code: "locked",
        message: expect.stringContaining(`process ${process.pid}`),
      });
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "success", inserted: 50 });
      await expectNothingLeft(database);
    });

    test("rolls back after a failure, a terminated backend and an interruption as without pgbouncer", async () => {
      const { database, open } = await pooled(serverUrl, 2);
      const loader = open();
      const held = await beginLoad(loader, tickets, moreTickets(50));
      await database.sql("select pg_terminate_backend($1)", [await backendRunning(database, "^copy")]);
      held.finish();
      expect(await held.outcome).toMatchObject({ status: "failed", error: { code: "database" } });

      const inserts = await holdInserts(database);
      const interruption = new AbortController();
      const outcome = attemptLoad(loader, tickets, moreTickets(50), { signal: interruption.signal });
      await backendRunning(database, INSERTS);
      interruption.abort(new OtcError("interrupted", "Interrupted by the test."));
      const interrupted = await outcome;
      await inserts.release();
      await expectRolledBack(database, interrupted, loader, {
        code: "interrupted",
        message: /Interrupted by the test/,
      });
    });
  },
);
