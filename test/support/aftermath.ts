import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { expect } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import type { Database } from "../../src/database/database.ts";
import { qualifiedName } from "../../src/database/identifier.ts";
import type { ErrorCode } from "../../src/errors/otc-error.ts";
import { Loader } from "../../src/loader/loader.ts";
import tickets from "../../src/views/definitions/tickets.ts";
import type { DatabaseUnderTest } from "./each-database.ts";
import { documentOf, load } from "./load-records.ts";
import { many, ticket } from "./sample-records.ts";

/** What is in the table before a load goes wrong. */
export const FIRST = many(20, (number) => ticket(number));

/** What goes wrong: two thirds of it are new rows, and one is changed. */
export const SECOND = many(60, (number) => ticket(number, number === 3 ? { "TKT-Status": "Closed" } : {}));

export const SECOND_DOCUMENT = documentOf(SECOND);

/** The pace that protects OTC would only make tests slow. */
export const FAST: Environment = {
  OTC_REQUEST_INTERVAL_MS: "0",
  OTC_VIEW_GAP_MS: "0",
  OTC_REQUESTS_PER_HOUR: "100000",
  OTC_RETRY_BASE_MS: "1",
};

/** A session that was cut off needs a moment to notice. */
const GRACE_MS = 20_000;

/** What one look at a database tells. */
interface State {
  /** Of the rows of all views with their places and versions: a row written and written back shows. */
  readonly content: string;
  readonly run: {
    readonly status: string;
    readonly code: string | null;
    readonly message: string | null;
    readonly commits: number;
    readonly closed: boolean;
  } | null;
  /** Load tables, advisory locks and open transactions of others: all have to be none. */
  readonly tables: number;
  readonly locks: number;
  readonly transactions: number;
}

/** How a load has to be on record. */
export interface RecordedAs {
  readonly status: "failed" | "running";
  readonly code?: ErrorCode;
  readonly message?: RegExp;
}

/** Opens a loader for `work` alone. */
export async function withLoader<T>(
  database: DatabaseUnderTest,
  work: (loader: Loader) => Promise<T>,
): Promise<T> {
  const loader = new Loader({
    env: { ...FAST, ...database.env },
    flags: {},
    log: pino({ level: "silent" }),
  });
  try {
    return await work(loader);
  } finally {
    await loader.close();
  }
}

/** Loads the first document and tells what the tables then hold. */
export async function seed(database: DatabaseUnderTest, loader?: Loader): Promise<string> {
  if (loader === undefined) return withLoader(database, (own) => seed(database, own));
  await load(loader, tickets, FIRST);
  return (await stateOf(await loader.database())).content;
}

/**
 * Holds a load that did not come to its commit to all its promises: the tables byte for byte as before, the run on
 * record with its true status and reason, no table, lock or transaction left, and the next load works; it also gives
 * up the run of a process that is dead.
 *
 * @param before as `seed` gave it
 * @param loader to look with and to load next; one of its own when left out
 */
export async function expectUntouched(
  database: DatabaseUnderTest,
  before: string,
  recorded: RecordedAs,
  loader?: Loader,
): Promise<void> {
  if (loader === undefined) {
    await withLoader(database, (own) => expectUntouched(database, before, recorded, own));
    return;
  }
  const queryable = await loader.database();
  const state = await settledState(queryable);
  expect(state).toMatchObject({ content: before, tables: 0, locks: 0, transactions: 0 });
  expect(state.run).toMatchObject({
    status: recorded.status,
    code: recorded.code ?? null,
    commits: 0,
    closed: recorded.status === "failed",
  });
  if (recorded.message !== undefined) expect(state.run?.message).toMatch(recorded.message);

  expect(await load(loader, tickets, SECOND)).toMatchObject({
    status: "success",
    fetched: 60,
    inserted: 40,
    updated: 1,
    unchanged: 19,
  });
  const after = await runStatuses(queryable);
  const asRecorded = recorded.status === "running" ? "abandoned" : recorded.status;
  expect(after.slice(-2)).toEqual([asRecorded, "success"]);
}

/** The states of all runs, oldest first. */
export async function runStatuses(database: Database): Promise<readonly string[]> {
  const { rows } = await database.query<{ status: string }>(
    `select load_status as status from ${qualifiedName(database.schema, "etl_metadata")} order by run_id`,
  );
  return rows.map((row) => row.status);
}

/** Looks until nothing is left of a load that has ended, or too long. */
async function settledState(database: Database): Promise<State> {
  const deadline = performance.now() + GRACE_MS;
  for (;;) {
    const state = await stateOf(database);
    if (state.tables + state.locks + state.transactions === 0 || performance.now() > deadline) return state;
    await sleep(50);
  }
}

async function stateOf(database: Database): Promise<State> {
  const table = (name: string) => qualifiedName(database.schema, name);
  const contents = ["tickets", "comments", "timesheets"].map(
    (name) =>
      `(select coalesce(md5(string_agg(concat_ws(' ', t.ctid, t.xmin, t), ',' order by t.ctid)), '') from ${table(name)} t)`,
  );
  const { rows } = await database.query<State>(
    `select
       concat_ws('-', ${contents.join(", ")}) as content,
       (select json_build_object('status', load_status, 'code', error_code, 'message', error_message,
          'commits', commits, 'closed', load_end is not null)
        from ${table("etl_metadata")} order by run_id desc limit 1) as run,
       (select count(*) from pg_class where relname ~ '^etl_(staging|delta)') as tables,
       (select count(*) from pg_locks
        where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())) as locks,
       (select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
          and backend_type = 'client backend') as transactions`,
  );
  if (rows[0] === undefined) throw new Error("The database says nothing.");
  return rows[0];
}
