import { OtcError } from "../errors/otc-error.ts";
import type { Environment } from "./read-settings.ts";

/** The proxies of the environment; empty texts where there are none. */
export interface ProxySettings {
  /** For addresses that begin with `http:`. It may hold a user name and a password, so it is never printed. */
  readonly httpProxy: string;
  /** For addresses that begin with `https:`; without it, `httpProxy` is for both. */
  readonly httpsProxy: string;
  /** The hosts that are reached without a proxy, with commas between them; `*` for all. */
  readonly noProxy: string;
}

/**
 * Reads the variables that curl and most other programs know: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also in lower case.
 *
 * @throws OtcError `configuration` when a proxy is no http or https URL
 */
export function proxySettings(env: Environment): ProxySettings {
  return {
    httpProxy: proxyUrl(env, "HTTP_PROXY"),
    httpsProxy: proxyUrl(env, "HTTPS_PROXY"),
    noProxy: valueOf(env, "NO_PROXY"),
  };
}

function proxyUrl(env: Environment, name: string): string {
  const value = valueOf(env, name);
  if (value === "" || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) return value;
  throw new OtcError("configuration", `${name} must be an http or https URL.`, {
    remedy: `Set it to a URL such as http://proxy.example.com:3128, or add the hosts of OTC to NO_PROXY.`,
  });
}

function valueOf(env: Environment, name: string): string {
  return (env[name.toLowerCase()] ?? env[name] ?? "").trim();
}
