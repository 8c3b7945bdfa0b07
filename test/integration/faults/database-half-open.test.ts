import { describe, expect, inject, type TestContext, test } from "vitest";
import type { Environment } from "../../../src/config/read-settings.ts";
import { OtcError } from "../../../src/errors/otc-error.ts";
import type { Loader } from "../../../src/loader/loader.ts";
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
  ENDS_WITHIN_MS,
  outcomeWithin,
} from "../../support/database-fault.ts";
import { startDocumentServer } from "../../support/document-server.ts";
import { INTERRUPTED_WITHIN_MS } from "../../support/interrupted-load.ts";
import { attemptLoad, beginLoad, documentOf, failingLoad, loadViews } from "../../support/load-records.ts";
import { startDurablePostgres } from "../../support/postgres-server.ts";
import { queryMessage, startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";

/** Short, but not too short for a busy machine: a statement may take two seconds; the client waits ten seconds longer for the answer that never comes. */
const LIMITS = {
  OTC_STATEMENT_TIMEOUT_MS: "2000",
  OTC_CONNECT_TIMEOUT_MS: "3000",
  OTC_IDLE_TIMEOUT_MS: "5000",
};

/** Statement, grace, rollback, and some seconds more for a busy machine. */
const NOTICED_MS = 24_000;

const COMMIT = queryMessage("commit");

const UNANSWERED = { message: /The connection to .* failed: Query read timeout/ };

interface Behind {
  readonly database: FaultyDatabase;
  readonly proxy: TcpProxy;
  readonly loader: Loader;
  /** Another one through the proxy. */
  readonly open: (env: Environment) => Loader;
  /** Goes straight to the server. */
  readonly next: Loader;
}

async function databaseBehindProxy(
  { onTestFinished }: TestContext,
  env: Environment = LIMITS,
): Promise<Behind> {
  const { url } = inject("postgres").at(-1)!;
  const database = await faultyDatabase(url, onTestFinished);
  const { hostname: host, port } = new URL(url);
  const proxy = await startTcpProxy({ host, port: Number(port) });
  onTestFinished(() => proxy.close());
  const through = new URL(database.url);
  through.port = String(proxy.port);
  const open = (more: Environment): Loader =>
    database.open({ ...env, ...more, OTC_DATABASE_URL: through.href });
  return { database, proxy, loader: open({}), open, next: database.open() };
}

describe.skipIf(inject("postgres").length === 0).concurrent("a connection that goes silent", () => {
  // Patience is twenty seconds: beside the others it costs none.
  test("because its server stays unreachable still ends the load, and the next load marks the run as abandoned", async ({
    onTestFinished,
  }) => {
    const server = await startDurablePostgres(18);
    onTestFinished(() => server.destroy());
    const database = await faultyDatabase(server.url, onTestFinished);
    const loader = database.open();
    const held = await beginLoad(loader, tickets, moreTickets(50));
    await backendRunning(database, "^copy");
    await server.stop("fast");
    const outcome = await outcomeWithin(held, 25_000).finally(() => server.start());
    await expectRolledBack(database, outcome, loader, { message: /57P01/, recorded: "running" });
    expect(
      await database.sql("select load_status, rollbacks from servicedesk.etl_metadata where run_id = $1", [
        outcome.runId,
      ]),
    ).toEqual([{ load_status: "abandoned", rollbacks: 1 }]);
  }, 60_000);

  test("in COPY, while the source is silent as well, is closed", async (context) => {
    const { database, proxy, loader, next } = await databaseBehindProxy(context);
    const held = await beginLoad(loader, tickets, moreTickets(50));
    proxy.freezeConnected();
    const outcome = await outcomeWithin(held, NOTICED_MS);
    proxy.tellServers();
    await expectRolledBack(database, outcome, next, UNANSWERED);
  });

  test("in COPY, and accepts no more rows, is closed", async (context) => {
    const { database, proxy, loader, next } = await databaseBehindProxy(context);
    const held = await beginLoad(loader, tickets, moreTickets(10_000, "long ".repeat(1000)));
    proxy.freezeConnected();
    held.finish();
    const outcome = await outcomeWithin(held, NOTICED_MS);
    proxy.tellServers();
    await expectRolledBack(database, outcome, next, UNANSWERED);
  });

  test("while rows are written is closed, and the idle limit ends its server session", async (context) => {
    const { database, proxy, open, next } = await databaseBehindProxy(context);
    // From OTC, because the request was recorded on a second connection: idle now, and to go silent as well.
    const api = await startDocumentServer(
      { tickets: documentOf(moreTickets(50)) },
      {},
      context.onTestFinished,
    );
    const inserts = await holdInserts(database);
    const outcome = loadViews(open(api.env), [tickets]).then(([only]) => only!);
    outcome.catch(() => undefined);
    await backendRunning(database, INSERTS);
    proxy.freezeConnected();
    const failed = await outcomeWithin(outcome, NOTICED_MS);
    await inserts.release();
    await expectRolledBack(database, failed, next, UNANSWERED);
  });

  test("before COMMIT arrives is closed, and nothing is loaded", async (context) => {
    const { database, proxy, loader, next } = await databaseBehindProxy(context);
    const outcome = await outcomeWithin(
      attemptLoad(loader, tickets, moreTickets(50), {
        onProgress: ({ step }) => {
          if (step === "commit") proxy.freezeBefore(COMMIT);
        },
      }),
      NOTICED_MS,
    );
    await expectRolledBack(database, outcome, next, UNANSWERED);
  });

  test("after COMMIT was executed leaves the load successful, as its record says", async (context) => {
    const { database, proxy, loader } = await databaseBehindProxy(context);
    const outcome = await outcomeWithin(
      attemptLoad(loader, tickets, moreTickets(50), {
        onProgress: ({ step }) => {
          if (step === "commit") proxy.swallowAnswerTo(COMMIT, "freeze");
        },
      }),
      NOTICED_MS,
    );
    await expectCommitted(database, outcome);
    proxy.tellServers();
    await expectNothingLeft(database);
  });

  test("because its host has disappeared lets an interrupted load end within five seconds", async (context) => {
    const { database, proxy, open, next } = await databaseBehindProxy(context, {});
    const api = await startDocumentServer(
      { tickets: documentOf(moreTickets(50)) },
      {},
      context.onTestFinished,
    );
    const loader = open(api.env);
    const interruption = new AbortController();
    const inserts = await holdInserts(database);
    const outcome = loadViews(loader, [tickets], { signal: interruption.signal }).then(([only]) => only!);
    await backendRunning(database, INSERTS);
    proxy.freeze();
    const began = performance.now();
    interruption.abort(new OtcError("interrupted", "Interrupted by the test."));
    const failed = await outcomeWithin(outcome, INTERRUPTED_WITHIN_MS);
    await loader.close();
    expect(performance.now() - began).toBeLessThan(INTERRUPTED_WITHIN_MS);
    proxy.tellServers();
    await inserts.release();
    await database.sql(
      "update servicedesk.etl_metadata set load_start = load_start - interval '1 minute' where run_id = $1",
      [failed.runId],
    );
    await expectRolledBack(database, failed, next, {
      code: "interrupted",
      message: /Interrupted by the test/,
      recorded: "running",
    });
  });

  test("before it is established is closed after OTC_CONNECT_TIMEOUT_MS", async (context) => {
    const { proxy, loader } = await databaseBehindProxy(context);
    proxy.freeze();
    const began = performance.now();
    await expect(failingLoad(loader, tickets, moreTickets(1))).rejects.toMatchObject({
      code: "database",
      message: expect.stringContaining("connection timeout"),
    });
    expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
  });

  test("while it is idle does not keep a loader from closing", async (context) => {
    const { database, proxy, loader } = await databaseBehindProxy(context);
    await (await loader.database()).query("select 1");
    proxy.freeze();
    const began = performance.now();
    await loader.close();
    expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
    proxy.tellServers();
    await expectNothingLeft(database);
  });
});

describe.skipIf(inject("postgres").length === 0)("a connection that is cut", () => {
  test("right after COMMIT was executed leaves the load successful, as its record says", async (context) => {
    const { database, proxy, loader } = await databaseBehindProxy(context);
    const outcome = await attemptLoad(loader, tickets, moreTickets(50), {
      onProgress: ({ step }) => {
        if (step === "commit") proxy.swallowAnswerTo(COMMIT, "cut");
      },
    });
    await expectCommitted(database, outcome);
    await expectNothingLeft(database);
  });
});

async function expectCommitted(database: FaultyDatabase, outcome: unknown): Promise<void> {
  expect(outcome).toMatchObject({ status: "success", fetched: 50, inserted: 50 });
  expect(
    await database.sql(
      "select load_status, commits, rollbacks, error_code from servicedesk.etl_metadata order by run_id desc limit 1",
    ),
  ).toEqual([{ load_status: "success", commits: 1, rollbacks: 0, error_code: null }]);
  expect(await database.sql("select count(*)::int as rows from servicedesk.tickets")).toEqual([{ rows: 70 }]);
}
