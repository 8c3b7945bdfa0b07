import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { PostgresMajor } from "../../test/support/postgres-binaries.ts";
import { createCitusBenchDatabase } from "../../test/support/citus.ts";
import { startPostgres } from "../../test/support/postgres-server.ts";
import type { Environment } from "../processes/run-cli.ts";
import { SCHEMA } from "./target-table.ts";

/** A server of the bench with an empty database. */
export interface BenchServer {
  readonly url: string;
  /** What the command line needs to find it. */
  readonly env: Environment;
  /** `server_version`. */
  readonly version: string;
  /** Of each server of the database, on this machine. */
  readonly dataDirs: readonly string[];
  /** A connection for everything that is not measured. */
  readonly client: pg.Client;
}

/** As in production: every commit is on the disk before it is reported. The sizes suit a small server. */
const PRODUCTION_LIKE = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "512MB",
  max_wal_size: "4GB",
};

/** Lends a server of its own to `work`, and removes it afterwards. */
export async function withBenchServer<T>(
  major: PostgresMajor,
  work: (server: BenchServer) => Promise<T>,
): Promise<T> {
  const server = await startPostgres(major, PRODUCTION_LIKE);
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ server_version: string }>("show server_version");
      const version = rows[0]?.server_version ?? "";
      const { url, dataDir } = server;
      return await work({ url, env: { OTC_DATABASE_URL: url }, version, dataDirs: [dataDir], client });
    } finally {
      await client.end();
    }
  } finally {
    await server.destroy();
  }
}

/**
 * Lends a database of its own on a Citus cluster to `work`, and removes it afterwards. The cluster is on this machine, and
 * `OTC_TEST_CITUS_URL` names its coordinator.
 */
export async function withCitusDatabase<T>(work: (server: BenchServer) => Promise<T>): Promise<T> {
  const database = await createCitusBenchDatabase();
  try {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ version: string }>(
        "select split_part(citus_version(), ' on ', 1) || ' on ' || current_setting('server_version') as version",
      );
      const { url, dataDirs } = database;
      return await work({
        url,
        env: { OTC_DATABASE_URL: url },
        version: rows[0]?.version ?? "",
        dataDirs,
        client,
      });
    } finally {
      await client.end();
    }
  } finally {
    await database.drop();
  }
}

/** Empties the views' tables and the record of runs, so that the next load is a first one. */
export async function emptyTables({ client }: BenchServer): Promise<void> {
  const { rows } = await client.query<{ tables: string }>(
    `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables
     from pg_tables
     where schemaname = $1 and tablename not in ('etl_migrations', 'etl_circuit', 'etl_partitions')`,
    [SCHEMA],
  );
  await client.query(`truncate ${rows[0]?.tables ?? ""} restart identity`);
  await settle({ client });
}

/** Does now what the server would do some time later: all measurements begin with clean tables and a fresh checkpoint. */
export async function settle({ client }: Pick<BenchServer, "client">): Promise<void> {
  await client.query("vacuum (analyze)");
  await client.query("checkpoint");
}

/** What a measurement cost the server. */
export interface ServerCost {
  /** Written to its log. */
  readonly walBytes: number;
  /** The CPU time of the sessions and parallel workers that ended meanwhile. */
  readonly serverCpuSeconds: number;
  /** The pages that were looked at, from the cache or not. */
  readonly serverBuffers: number;
}

/** Adds to a sample what its work cost the server. The sessions of the work must have ended with it. */
export async function withServerCost<T extends object>(
  server: BenchServer,
  work: () => Promise<T>,
): Promise<T & ServerCost> {
  const before = await readCounters(server);
  const result = await work();
  const after = await readCounters(server);
  return {
    ...result,
    walBytes: after.walBytes - before.walBytes,
    serverCpuSeconds: after.serverCpuSeconds - before.serverCpuSeconds,
    serverBuffers: after.serverBuffers - before.serverBuffers,
  };
}

async function readCounters({ client, dataDirs }: BenchServer): Promise<ServerCost> {
  const { rows } = await client.query<{ wal: string; buffers: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal, blks_hit + blks_read as buffers
     from pg_stat_database where datname = current_database()`,
  );
  return {
    walBytes: Number(rows[0]?.wal),
    serverCpuSeconds: dataDirs.reduce((sum, dataDir) => sum + cpuSecondsOfEndedChildren(dataDir), 0),
    serverBuffers: Number(rows[0]?.buffers),
  };
}

/** Linux counts CPU time in hundredths of a second for programs, whatever its own clock is (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Where `cutime` and `cstime` are in /proc/PID/stat behind the name of the program, which may contain spaces. */
const [CUTIME, CSTIME] = [13, 14];

/** The CPU time of all sessions and workers that have ended since the server was started. */
function cpuSecondsOfEndedChildren(dataDir: string): number {
  const [postmaster] = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
  const stat = readFileSync(`/proc/${postmaster}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[CUTIME]) + Number(fields[CSTIME])) / TICKS_PER_SECOND;
}
