import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Lets a server listen on loopback until the test ends. @returns its port */
export async function listenUntilTestEnds(
  server: Server,
  onFinished: (undo: () => Promise<void>) => void = onTestFinished,
): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}
