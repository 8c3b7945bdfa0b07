import { type BlockList, isIP } from "node:net";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";

/**
 * The address of the client: the last one in `X-Forwarded-For` that is not a trusted proxy, if a trusted proxy has sent
 * the request. A client can write what it likes into the header, but only before what the proxies add.
 */
export function clientAddress(context: Context, trustedProxies: BlockList): string {
  let address = getConnInfo(context).remote.address ?? "";
  const forwarded = context.req.header("x-forwarded-for")?.split(",") ?? [];
  for (const entry of forwarded.toReversed()) {
    if (!isTrusted(address, trustedProxies)) break;
    const previous = withoutPort(entry.trim());
    if (isIP(previous) === 0) break;
    address = previous;
  }
  return address;
}

function isTrusted(address: string, trustedProxies: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trustedProxies.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry;
}
