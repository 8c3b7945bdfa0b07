import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { databaseSettings } from "../../src/config/database-settings.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { distributeTables } from "../../src/distribution/distribute-tables.ts";
import { viewCatalog } from "../../src/views/catalog.ts";
import { migrateBy } from "./migrate-by.ts";
import { withClient } from "./postgres-database.ts";

/** Names the coordinator, with a superuser that the workers let in as well. */
export const CITUS_VARIABLE = "OTC_TEST_CITUS_URL";

/** Citus does not quote the names of schemas everywhere. */
export const CITUS_SCHEMA = "servicedesk";

/** What a test gets from `inject("citus")`. */
export interface ProvidedCitus extends Cluster {
  /** A database on all servers, whose tables are distributed. */
  readonly template: string;
}

interface Cluster {
  /** The coordinator. */
  readonly url: string;
  readonly workers: readonly string[];
  /** By which addresses the servers reach each other; the coordinator is the first. */
  readonly nodes: readonly Node[];
}

interface Node {
  readonly name: string;
  readonly port: number;
}

/** Creates the distributed database that tests copy; undefined when no coordinator is configured. */
export async function makeCitusTemplate(): Promise<ProvidedCitus | undefined> {
  const url = process.env[CITUS_VARIABLE];
  if (url === undefined || url === "") return undefined;
  const cluster = await readCluster(url);
  const template = newName();
  await createDistributed(cluster, template);
  // A database cannot be copied while somebody is connected, and Citus has a session of its own there.
  for (const server of serversOf(cluster)) {
    await withClient(server, async (client) => {
      await client.query(`alter database ${template} with allow_connections false`);
      await disconnect(client, template);
    });
  }
  return { ...cluster, template };
}

/**
 * Creates a database with distributed tables on servers that belong to one test.
 *
 * @param password with which the servers sign in to each other
 * @returns its address
 */
export async function makeCitusDatabase(cluster: Cluster, password: string): Promise<string> {
  const name = newName();
  await createDistributed(cluster, name, password);
  return withDatabase(cluster.url, name);
}

async function createDistributed(cluster: Cluster, name: string, password?: string): Promise<void> {
  await createCluster(cluster, name, password);
  const env = { OTC_DATABASE_URL: withDatabase(cluster.url, name), OTC_PG_SCHEMA: CITUS_SCHEMA };
  await migrateBy(env);
  const database = await openDatabase(databaseSettings(readSettings(env)));
  try {
    await distributeTables(database, await viewCatalog(), new AbortController().signal);
  } finally {
    await database.close();
  }
}

async function readCluster(url: string): Promise<Cluster> {
  const { rows: nodes } = await withClient(url, (client) =>
    client.query<Node & { readonly group: number }>(
      `select nodename as "name", nodeport as "port", groupid as "group" from pg_dist_node where isactive order by groupid`,
    ),
  );
  if (nodes[0]?.group !== 0 || nodes.length < 2) {
    throw new Error(`${CITUS_VARIABLE} names a database that knows no coordinator or no worker.`);
  }
  const workers = nodes.slice(1).map(({ name, port }) => {
    const worker = new URL(url);
    worker.hostname = name;
    worker.port = String(port);
    return worker.href;
  });
  return { url, workers, nodes: nodes.map(({ name, port }) => ({ name, port })) };
}

function serversOf({ url, workers }: Cluster): readonly string[] {
  return [url, ...workers];
}

/** A database with Citus on all servers, in which they know each other. */
async function createCluster(cluster: Cluster, name: string, password?: string): Promise<void> {
  for (const server of serversOf(cluster)) {
    await withClient(server, (client) => client.query(`create database ${name}`));
    await withClient(withDatabase(server, name), async (client) => {
      await client.query("create extension citus");
      if (password === undefined) return;
      await client.query("insert into pg_dist_authinfo values (0, 'postgres', $1)", [`password=${password}`]);
    });
  }
  const [coordinator, ...workers] = cluster.nodes;
  await withClient(withDatabase(cluster.url, name), async (client) => {
    await client.query("select citus_set_coordinator_host($1, $2)", [coordinator?.name, coordinator?.port]);
    for (const worker of workers)
      await client.query("select citus_add_node($1, $2)", [worker.name, worker.port]);
  });
}

/** A database of a test's own on all servers: a copy of the distributed one, or an empty one in which nothing is distributed. */
export async function createCitusDatabase(
  cluster: ProvidedCitus,
  migrated: boolean,
): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = newName();
  const { template } = cluster;
  if (migrated) {
    await Promise.all(
      serversOf(cluster).map((server) =>
        withClient(server, async (client) => {
          await disconnect(client, template);
          await client.query(`create database ${name} template ${template} strategy file_copy`);
        }),
      ),
    );
  } else await createCluster(cluster, name);
  return { url: withDatabase(cluster.url, name), drop: () => dropEverywhere(cluster, name) };
}

/** A database for the bench on all servers, and where these keep their files. Its tables are not distributed yet. */
export async function createCitusBenchDatabase(): Promise<{
  readonly url: string;
  readonly dataDirs: readonly string[];
  drop(): Promise<void>;
}> {
  const url = process.env[CITUS_VARIABLE];
  if (url === undefined || url === "") throw new Error(`${CITUS_VARIABLE} has to name a coordinator.`);
  const cluster = await readCluster(url);
  const name = newName();
  await createCluster(cluster, name);
  const dataDirs: string[] = [];
  for (const server of serversOf(cluster)) {
    const { rows } = await withClient(server, (client) =>
      client.query<{ data_directory: string }>("show data_directory"),
    );
    dataDirs.push(rows[0]?.data_directory ?? "");
  }
  return { url: withDatabase(url, name), dataDirs, drop: () => dropEverywhere(cluster, name) };
}

/** Drops what `makeCitusTemplate` has created. */
export function removeCitusTemplate(cluster: ProvidedCitus): Promise<void> {
  return dropEverywhere(cluster, cluster.template);
}

/** Ends all sessions with a test's database on a worker, as when the worker crashes. */
export async function disconnectWorker(worker: string, databaseUrl: string): Promise<void> {
  await withClient(worker, (client) => disconnect(client, new URL(databaseUrl).pathname.slice(1)));
}

async function dropEverywhere(cluster: Cluster, name: string): Promise<void> {
  for (const server of serversOf(cluster)) {
    await withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`));
  }
}

async function disconnect(client: Client, name: string): Promise<void> {
  await client.query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1", [
    name,
  ]);
}

function newName(): string {
  return `test_${randomBytes(8).toString("hex")}`;
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
