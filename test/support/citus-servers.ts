import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { makeCitusDatabase } from "./citus.ts";
import { withClient } from "./postgres-database.ts";
import { type PostgresServer, startServer } from "./postgres-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A Citus cluster of one test, whose servers may be killed. */
export interface CitusServers {
  readonly coordinator: PostgresServer;
  /** Each with the proxy by which the coordinator reaches it. */
  readonly workers: readonly { readonly server: PostgresServer; readonly proxy: TcpProxy }[];
  /** Of a database with the distributed tables of the views, at the coordinator. */
  readonly url: string;
  destroy(): Promise<void>;
}

/**
 * What is committed survives the end of all processes. Citus finishes prepared transactions only when it is told to. The
 * proxies read what the servers say to each other.
 */
const SETTINGS = {
  shared_preload_libraries: "citus",
  max_connections: "100",
  max_prepared_transactions: "100",
  synchronous_commit: "on",
  "citus.node_conninfo": "sslmode=disable",
  "citus.recover_2pc_interval": "-1",
  "citus.shard_count": "4",
  "citus.enable_statistics_collection": "off",
};

/**
 * Where the programs of a configured coordinator are, if they are on this machine, so that a test can start servers of its
 * own: those of the cluster are somebody else's.
 */
export async function findCitusPrograms(coordinatorUrl: string): Promise<string | undefined> {
  const bin = await withClient(coordinatorUrl, async (client) => {
    const { rows } = await client.query<{ setting: string }>(
      "select setting from pg_config where name = 'BINDIR'",
    );
    return rows[0]?.setting ?? "";
  });
  try {
    for (const program of ["initdb", "postgres"]) accessSync(join(bin, program), constants.X_OK);
    return bin;
  } catch {
    return undefined;
  }
}

/** Starts a coordinator and two workers. */
export async function startCitusServers(bin: string): Promise<CitusServers> {
  // Citus signs in to the servers with it.
  const password = randomBytes(18).toString("hex");
  const servers: PostgresServer[] = [];
  const proxies: TcpProxy[] = [];
  const destroy = async (): Promise<void> => {
    for (const proxy of proxies) await proxy.close();
    for (const server of servers) await server.destroy();
  };
  try {
    const start = async (): Promise<PostgresServer> => {
      const server = await startServer({ name: "citus", bin }, SETTINGS, password);
      servers.push(server);
      return server;
    };
    const coordinator = await start();
    const workers: { readonly server: PostgresServer; readonly proxy: TcpProxy }[] = [];
    for (let number = 0; number < 2; number += 1) {
      const server = await start();
      const proxy = await startTcpProxy(server);
      proxies.push(proxy);
      workers.push({ server, proxy });
    }
    const url = await makeCitusDatabase(
      {
        url: coordinator.url,
        workers: workers.map(({ server }) => server.url),
        nodes: [coordinator, ...workers.map(({ proxy }) => proxy)].map(({ port }) => ({
          name: "127.0.0.1",
          port,
        })),
      },
      password,
    );
    return { coordinator, workers, url, destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}
