import type { PostgresMajor } from "../test/support/postgres-binaries.ts";
import { startPostgres } from "../test/support/postgres-server.ts";
import type { SoakPlace } from "./faults.ts";
import { type Environment, runCommand } from "./processes/command.ts";
import { SoakDatabase } from "./processes/soak-database.ts";
import { FaultProxy } from "./proxy/fault-proxy.ts";

/** As in production: what was committed survives a crash. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };

/**
 * Lends a server of the soak's own with the tables of otc-etl, behind a proxy.
 *
 * @param work gets the settings with which otc-etl reaches the server through the proxy
 */
export async function withSoakServer<T>(
  major: PostgresMajor,
  work: (place: SoakPlace, env: Environment) => Promise<T>,
): Promise<T> {
  const server = await startPostgres(major, DURABLE);
  try {
    await runCommand(["migrate"], { OTC_DATABASE_URL: server.url });
    const proxy = await FaultProxy.start(server);
    try {
      const url = new URL(server.url);
      url.port = String(proxy.port);
      const crashServer = async (): Promise<void> => {
        await server.stop("immediate");
        await server.start();
      };
      const place = { database: new SoakDatabase(server.url), proxy, crashServer };
      return await work(place, { OTC_DATABASE_URL: url.href });
    } finally {
      await proxy.close();
    }
  } finally {
    await server.destroy();
  }
}
