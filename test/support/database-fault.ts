import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { pino } from "pino";
import { expect } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { type ErrorCode, OtcError } from "../../src/errors/otc-error.ts";
import { Loader } from "../../src/loader/loader.ts";
import type { LoadOutcome } from "../../src/runs/outcome.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import { type Fields, type HeldLoad, load } from "./load-records.ts";
import { migrateBy } from "./migrate-by.ts";
import { createTestDatabase, SESSIONS_OF_OTC_ETL } from "./postgres-database.ts";
import { many, ticket } from "./sample-records.ts";

/** Registers what has to be undone: `onTestFinished`, the test's own where tests run side by side. */
type OnFinished = (undo: () => Promise<void>) => void;

/** A database on a server that a test does harm to, with some tickets in it. */
export interface FaultyDatabase {
  /** Superuser, past every proxy. */
  readonly url: string;
  /** What otc-etl reads to find it. */
  readonly env: Environment;
  /** The tickets that are in it at first, and what the table looks like. */
  readonly tickets: readonly Fields[];
  readonly before: Content;
  /** A loader on it, closed at the end of the test. */
  open(env?: Environment): Loader;
  /** Runs a statement as superuser, in a session of its own. */
  sql<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** A superuser's session that stays open until the test ends. */
  session(): Promise<Client>;
}

/** The rows of the views' tables with their places and versions: a row written and written back shows. */
type Content = Readonly<Record<string, readonly unknown[]>>;

const TABLES = ["tickets", "comments", "timesheets"];

/** A session that has been cut off needs a moment to notice. */
const GRACE_MS = 20_000;

/** The pace that protects OTC would only make tests slow. */
const FAST: Environment = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_REQUESTS_PER_HOUR: "100000",
  OTC_RETRY_BASE_MS: "1",
};

/**
 * A migrated database of the test's own on the server of `serverUrl`, with twenty tickets in it.
 *
 * @param env what else otc-etl reads, time limits for example
 */
export async function faultyDatabase(
  serverUrl: string,
  onFinished: OnFinished,
  env: Environment = {},
): Promise<FaultyDatabase> {
  const created = await createTestDatabase(serverUrl, { template: await templateOn(serverUrl) });
  const whole = { ...FAST, OTC_DATABASE_URL: created.url, ...env };
  const open = (more: Environment = {}): Loader => {
    const loader = new Loader({ env: { ...whole, ...more }, flags: {}, log: pino({ level: "silent" }) });
    onFinished(() => loader.close());
    return loader;
  };
  // Undone last: a session that somebody forgot fails the test.
  onFinished(() => created.drop());
  const loader = new Loader({
    env: { ...FAST, OTC_DATABASE_URL: created.url },
    flags: {},
    log: pino({ level: "silent" }),
  });
  const first = many(20, (number) => ticket(number));
  try {
    await load(loader, tickets, first);
  } finally {
    await loader.close();
  }
  const session = async (): Promise<Client> => {
    const client = await connected(created.url);
    onFinished(() => client.end());
    return client;
  };
  return {
    url: created.url,
    env: whole,
    tickets: first,
    before: await contentOf(created.url),
    open,
    sql: (text, parameters) => querying(created.url, text, parameters),
    session,
  };
}

/** A migrated database for tests of this process to copy, by server. It goes with the server. */
const templates = new Map<string, Promise<string>>();

function templateOn(serverUrl: string): Promise<string> {
  const template = templates.get(serverUrl) ?? makeTemplate(serverUrl);
  templates.set(serverUrl, template);
  return template;
}

async function makeTemplate(serverUrl: string): Promise<string> {
  const { url, name } = await createTestDatabase(serverUrl);
  await migrateBy({ OTC_DATABASE_URL: url });
  return name;
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "otc-etl test support" });
  // Servers are stopped here.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function querying<Row>(url: string, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const client = await connected(url);
  try {
    return (await client.query(text, parameters as unknown[])).rows as Row[];
  } finally {
    await client.end();
  }
}

async function contentOf(url: string): Promise<Content> {
  const content: Record<string, readonly unknown[]> = {};
  for (const table of TABLES) {
    content[table] = await querying(
      url,
      `select ctid::text as place, xmin::text as version, t::text as content from servicedesk.${table} t order by t.ctid`,
    );
  }
  return content;
}

/** What a load that failed has to have said. */
export interface ExpectedFailure {
  readonly code?: ErrorCode;
  readonly message: RegExp;
  readonly remedy?: RegExp;
  /** What became of its run; null when nobody could record one. Default `failed`. */
  readonly recorded?: "failed" | "running" | null;
}

/**
 * Holds a load that failed to all its promises: the tables byte for byte as before, the run on record with its reason,
 * no table, lock or session left, and the next load works.
 *
 * @param next the loader of the next load; the same one as a rule
 */
export async function expectRolledBack(
  database: FaultyDatabase,
  outcome: LoadOutcome,
  next: Loader,
  { code = "database", message, remedy, recorded = "failed" }: ExpectedFailure,
): Promise<void> {
  if (outcome.status !== "failed") throw new Error(`The load ended with ${outcome.status}.`);
  const { error } = outcome;
  expect(error.message).toMatch(message);
  if (!(error instanceof OtcError))
    throw new Error("The load's error is none of otc-etl's own.", { cause: error });
  expect(error.code).toBe(code);
  if (remedy !== undefined) expect(error.remedy).toMatch(remedy);

  expect(await contentOf(database.url)).toEqual(database.before);
  if (recorded !== null) {
    expect(
      await database.sql(
        `select load_status, error_code, error_message, commits, records_inserted::int as inserted, records_updated::int as updated
         from servicedesk.etl_metadata where run_id = $1`,
        [outcome.runId],
      ),
    ).toEqual([
      {
        load_status: recorded,
        error_code: recorded === "failed" ? code : null,
        error_message: recorded === "failed" ? error.message : null,
        commits: 0,
        inserted: 0,
        updated: 0,
      },
    ]);
  }
  await expectNothingLeft(database);
  await expectNextLoad(database, next, outcome.runId);
}

/** No staging or delta table, no lock, no session that does or holds anything. */
export async function expectNothingLeft(database: FaultyDatabase): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  const nothing = { tables: [], locks: [], sessions: [] };
  for (;;) {
    const left = {
      tables: await database.sql(
        "select relname from pg_class where relname ~ '^etl_(staging|delta)' and relkind in ('r', 't')",
      ),
      locks: await database.sql(
        `select locktype, mode, pid from pg_locks
         where database = (select oid from pg_database where datname = current_database())
           and pid in (select pid from pg_stat_activity where ${SESSIONS_OF_OTC_ETL})`,
      ),
      sessions: await database.sql(
        `select pid, state, query from pg_stat_activity
         where datname = current_database() and ${SESSIONS_OF_OTC_ETL} and state <> 'idle'`,
      ),
    };
    if (Date.now() > deadline) expect(left).toEqual(nothing);
    if (Object.values(left).every((rows) => rows.length === 0)) return;
    await sleep(20);
  }
}

/** A load of other tickets is committed and counts right, and no earlier run is left open. */
async function expectNextLoad(
  database: FaultyDatabase,
  loader: Loader,
  failedRun: number | null,
): Promise<void> {
  const changed = [...database.tickets.slice(1), ticket(1, { "TKT-Status": "Reopened" }), ticket(1000)];
  expect(await load(loader, tickets, changed)).toMatchObject({
    status: "success",
    fetched: 21,
    inserted: 1,
    updated: 1,
    unchanged: 19,
  });
  const open = await database.sql(
    "select run_id from servicedesk.etl_metadata where load_status = 'running'",
  );
  expect(open).toEqual([]);
  if (failedRun === null) return;
  const [run] = await database.sql<{ status: string }>(
    "select load_status as status from servicedesk.etl_metadata where run_id = $1",
    [failedRun],
  );
  expect(["failed", "abandoned"]).toContain(run?.status);
}

/** New tickets beside those that are there, enough to fill buffers when `text` is long. */
export function moreTickets(count: number, text = "new"): Fields[] {
  return many(count, (number) => ticket(100 + number, { "TKT-Description": text }));
}

/** Waits until a session of otc-etl runs a statement that matches, and says which. */
export async function backendRunning(database: FaultyDatabase, pattern: string): Promise<number> {
  const deadline = Date.now() + GRACE_MS;
  for (;;) {
    const rows = await database.sql<{ pid: number }>(
      `select pid from pg_stat_activity
       where datname = current_database() and ${SESSIONS_OF_OTC_ETL} and state = 'active' and query ~* $1`,
      [pattern],
    );
    if (rows[0] !== undefined) return rows[0].pid;
    if (Date.now() > deadline) throw new Error(`No session of otc-etl ever ran ${pattern}.`);
    await sleep(20);
  }
}

/** The statement that `holdInserts` makes wait, for `backendRunning`. */
export const INSERTS = 'insert into "servicedesk"."tickets"';

/** Makes every insert into tickets wait; `release` lets them go on. */
export async function holdInserts(database: FaultyDatabase): Promise<{ release(): Promise<void> }> {
  await database.sql(
    `create or replace function servicedesk.hold() returns trigger language plpgsql as
     $$ begin perform pg_advisory_xact_lock_shared(815); return new; end $$;
     create trigger hold before insert on servicedesk.tickets for each row execute function servicedesk.hold()`,
  );
  const holder = await database.session();
  await holder.query("select pg_advisory_lock(815)");
  return {
    release: async () => {
      // The lock goes with its session when that was cut off as well.
      await holder.query("select pg_advisory_unlock(815)").catch(() => undefined);
      await database.sql("drop trigger hold on servicedesk.tickets");
    },
  };
}

/** Long enough for what happens at once, on a busy machine; what a test holds up stays held up. */
export const ENDS_WITHIN_MS = 20_000;

/** The outcome of a load that must end by itself within so many milliseconds. */
export async function outcomeWithin(
  held: HeldLoad | Promise<LoadOutcome>,
  limitMs: number,
): Promise<LoadOutcome> {
  const outcome = held instanceof Promise ? held : held.outcome;
  const limit = new AbortController();
  try {
    return await Promise.race([
      outcome,
      sleep(limitMs, undefined, { signal: limit.signal }).then(() => {
        throw new Error(`The load did not end within ${limitMs} ms.`);
      }),
    ]);
  } finally {
    limit.abort();
  }
}
