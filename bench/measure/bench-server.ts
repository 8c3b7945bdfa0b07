import pg from "pg";
import type { PostgresMajor } from "../../test/support/postgres-binaries.ts";
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
      return await work({ url: server.url, env: { OTC_DATABASE_URL: server.url }, version, client });
    } finally {
      await client.end();
    }
  } finally {
    await server.destroy();
  }
}

/** Empties the views' tables and the record of runs, so that the next load is a first one. */
export async function emptyTables({ client }: BenchServer): Promise<void> {
  const { rows } = await client.query<{ tables: string }>(
    `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables
     from pg_tables
     where schemaname = $1 and tablename not in ('etl_migrations', 'etl_circuit')`,
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

/** Adds to a sample how much the server has written to its log meanwhile. */
export async function withWal<T extends object>(
  { client }: BenchServer,
  work: () => Promise<T>,
): Promise<T & { readonly walBytes: number }> {
  const before = await client.query<{ position: string }>("select pg_current_wal_insert_lsn() as position");
  const result = await work();
  const after = await client.query<{ bytes: string }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn) as bytes",
    [before.rows[0]?.position],
  );
  return { ...result, walBytes: Number(after.rows[0]?.bytes) };
}
