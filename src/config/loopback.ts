import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function isLoopbackAddress(address: string): boolean {
  return LOOPBACK.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * Whether only this machine can reach a server that listens on a host: every address of the name has to be a loopback
 * address.
 */
export async function isLoopback(host: string): Promise<boolean> {
  if (isIP(host) !== 0) return isLoopbackAddress(host);
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
}

/**
 * Whether a `Host` header names this machine. Another name may be one that an attacker has pointed at 127.0.0.1, to read
 * the answers from their own page (DNS rebinding).
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const url = `http://${header ?? ""}`;
  if (!URL.canParse(url)) return false;
  const hostname = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
  return hostname === "localhost" || (isIP(hostname) !== 0 && isLoopbackAddress(hostname));
}
