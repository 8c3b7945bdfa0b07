import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { SHUTDOWN_MS } from "../../src/shutdown/shutdown.ts";
import { FAST, SECOND_DOCUMENT } from "./aftermath.ts";
import { startDocumentServer } from "./document-server.ts";
import type { DatabaseUnderTest } from "./each-database.ts";
import { type RunningCli, startCli } from "./run-cli.ts";

/** Where a load can be made to stand still. The embedded database, alone with its process, only knows the first two. */
export type Stage = "fetch" | "copy" | "classify" | "apply" | "before commit" | "after commit";

/** A command that stands still in the middle of a load. */
export interface StoppedLoad {
  readonly cli: RunningCli;
  /** Takes away what it is waiting for. */
  readonly release: () => Promise<void>;
}

/**
 * An interrupted load has five seconds to roll back, be recorded and end. On a busy machine its process may notice a
 * signal or a timer late, and the test its end. What a test puts in its way stays there for thirty.
 */
export const INTERRUPTED_WITHIN_MS = SHUTDOWN_MS + 1000;

/** How long a load may take to get where it is to stand still. */
const PATIENCE_MS = 30_000;

/**
 * Starts `otc-etl load tickets` and resolves when it stands still in this stage.
 *
 * @param args of another command that loads tickets
 */
export async function loadStoppedIn(
  database: DatabaseUnderTest,
  stage: Stage,
  env: Environment = {},
  args: readonly string[] = ["load", "tickets"],
): Promise<StoppedLoad> {
  const obstacle = await OBSTACLES[stage](database);
  const server = await startDocumentServer(
    { tickets: SECOND_DOCUMENT },
    stage === "fetch"
      ? { 1: { kind: "stall-headers" } }
      : stage === "copy"
        ? { 1: { kind: "stall-body", bytes: 9000 } }
        : {},
  );
  const cli = await startCli([...args, "--verbose"], {
    env: { ...FAST, ...database.env, ...server.env, ...env },
    input: "",
  });
  const ended = cli.result.then(({ code, stderr }) => {
    throw new Error(`The load ended (${code ?? "by a signal"}) before it reached ${stage}:\n${stderr}`);
  });
  ended.catch(() => undefined);
  const reached = stage === "fetch" ? () => Promise.resolve(server.requests.length > 0) : obstacle.reached;
  if (database.engine === "postgres") {
    await Promise.race([until(reached), ended]);
  } else {
    await Promise.race([until(() => Promise.resolve(server.requests.length > 0)), ended]);
    // Nobody can look into an embedded database meanwhile.
    await sleep(stage === "copy" ? 500 : 0);
  }
  return { cli, release: obstacle.release };
}

/** Kills a command as the out-of-memory killer does, and waits until it is gone. */
export async function kill({ process: child }: RunningCli): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

interface Obstacle {
  /** Whether the load stands before it. */
  readonly reached: () => Promise<boolean>;
  readonly release: () => Promise<void>;
}

const OBSTACLES: Readonly<Record<Stage, (database: DatabaseUnderTest) => Promise<Obstacle>>> = {
  fetch: () => Promise.resolve(NONE),
  copy: (database) => Promise.resolve({ ...NONE, reached: () => copies(database) }),
  // An analyst's session holds the table.
  classify: (database) => lockTable(database, "tickets", /^lock table/),
  apply: (database) => sleepingTrigger(database, "before insert on", "tickets"),
  "before commit": (database) =>
    sleepingTrigger(database, "before update on", "etl_metadata", "when (new.load_status = 'success')"),
  "after commit": async (database) => {
    // After the commit a failure on record is taken back.
    await database.sql(`update ${database.table("etl_circuit")} set failures_in_row = 1`);
    return sleepingTrigger(database, "before update on", "etl_circuit");
  },
};

const NONE: Obstacle = { reached: () => Promise.resolve(true), release: () => Promise.resolve() };

async function lockTable(database: DatabaseUnderTest, table: string, statement: RegExp): Promise<Obstacle> {
  const analyst = new Client({
    connectionString: database.env["OTC_DATABASE_URL"],
    application_name: "analyst",
  });
  await analyst.connect();
  let open = true;
  const release = async () => {
    if (open) await analyst.end();
    open = false;
  };
  onTestFinished(release);
  await analyst.query(`begin; lock table ${database.table(table)} in row exclusive mode`);
  return { reached: () => backendWaits(database, statement), release };
}

async function sleepingTrigger(
  database: DatabaseUnderTest,
  event: string,
  table: string,
  condition = "",
): Promise<Obstacle> {
  await database.sql(
    `create function ${database.table("hold")}() returns trigger language plpgsql as
     $$ begin perform pg_sleep(30); return new; end $$`,
  );
  await database.sql(
    `create trigger hold ${event} ${database.table(table)} for each row ${condition}
     execute function ${database.table("hold")}()`,
  );
  return {
    reached: async () => {
      const rows = await database.sql(
        "select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
      );
      return rows.length > 0;
    },
    release: async () => {
      await database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
      );
      await database.sql(`drop function ${database.table("hold")}() cascade`);
    },
  };
}

async function backendWaits(database: DatabaseUnderTest, statement: RegExp): Promise<boolean> {
  const rows = await database.sql<{ query: string }>(
    "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.some(({ query }) => statement.test(query));
}

/** The first bytes have come. */
async function copies(database: DatabaseUnderTest): Promise<boolean> {
  const rows = await database.sql(
    "select from pg_stat_progress_copy where datname = current_database() and tuples_processed >= 0",
  );
  return rows.length > 0;
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error("The load never got where it was to stand still.");
    await sleep(20);
  }
}
