import { getCACertificates } from "node:tls";
import type { ProxySettings } from "../config/proxy-settings.ts";
import { type Dispatcher, EnvHttpProxyAgent } from "./undici.ts";

/** How other hosts are reached. */
export interface Network {
  readonly proxies: ProxySettings;
  /** Certificates of authorities that are trusted besides those of Node and of NODE_EXTRA_CA_CERTS, in PEM format. */
  readonly authorities?: string | undefined;
  /** Time limit for a connection, to a host or a proxy, in milliseconds. Default: 10 seconds. */
  readonly connectMs?: number;
}

/** Opens what sends requests over HTTP, through the proxies of the environment. */
export function openDispatcher({ proxies, authorities, connectMs = 10_000 }: Network): Dispatcher {
  const tls = {
    timeout: connectMs,
    ...(authorities === undefined ? {} : { ca: [...getCACertificates("default"), authorities] }),
  };
  return new EnvHttpProxyAgent({
    ...proxies,
    // Requests are rare, and a kept connection may just be closed by the other side when the next one is sent.
    pipelining: 0,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    // Many proxies open tunnels to port 443 only.
    proxyTunnel: false,
  });
}
