import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier, Pool } from "pg";

/** A condition on `pg_stat_activity`: sessions of otc-etl itself. A load adds its run and step to the name. */
export const SESSIONS_OF_OTC_ETL = "application_name ~ '^otc-etl( run |$)'";

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Drops it, whoever is connected, and then throws when somebody still was: a leaked session fails the file. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** A database to clone, a migrated one say. Nobody may be connected to it meanwhile. */
  readonly template?: string;
}

/** A client that has ended is still listed until its backend has noticed; so long it is given. */
const GRACE_MS = 10_000;

/** A new database on the server of `serverUrl`, which names a superuser. */
export async function createTestDatabase(
  serverUrl: string,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const template = escapeIdentifier(options.template ?? "template1");
  // Copying files takes less than half the time of writing each page to the WAL, which is the default.
  await administrator(serverUrl).query(
    `create database ${escapeIdentifier(name)} template ${template} strategy file_copy`,
  );
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => drop(serverUrl, name) };
}

async function drop(serverUrl: string, name: string): Promise<void> {
  const leaked = await sessionsAfterGrace(serverUrl, name);
  await administrator(serverUrl).query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
  if (leaked.length > 0) {
    throw new Error(
      `${leaked.length} session(s) still connected to ${name} when the test dropped it; close what opened them:\n` +
        leaked
          .map((session) => `  pid ${session.pid}, ${session.state ?? "no state"}: ${session.query}`)
          .join("\n"),
    );
  }
}

/** Sessions of this process that create and drop databases, by server: to connect takes half as long as to create one. */
const administrators = new Map<string, Pool>();

function administrator(serverUrl: string): Pool {
  let pool = administrators.get(serverUrl);
  if (pool === undefined) {
    pool = new Pool({ ...connectionTo(serverUrl), max: 4, idleTimeoutMillis: 0, allowExitOnIdle: true });
    // A test may stop its server.
    pool.on("error", () => undefined);
    administrators.set(serverUrl, pool);
  }
  return pool;
}

interface Session {
  readonly pid: number;
  readonly state: string | null;
  readonly query: string;
}

async function sessionsAfterGrace(serverUrl: string, name: string): Promise<Session[]> {
  const deadline = Date.now() + GRACE_MS;
  for (;;) {
    const { rows } = await administrator(serverUrl).query<Session>(
      `select pid, state, query from pg_stat_activity
        where datname = $1 and backend_type = 'client backend' order by pid`,
      [name],
    );
    if (rows.length === 0 || Date.now() > deadline) return rows;
    await sleep(20);
  }
}

/** Lends a connection to the server or database at the address. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(connectionTo(url));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function connectionTo(url: string) {
  return { connectionString: url, application_name: "otc-etl test support" };
}
