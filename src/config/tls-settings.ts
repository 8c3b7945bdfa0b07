import type { ConnectionOptions } from "node:tls";
import { readAuthorities } from "./read-authorities.ts";
import type { Settings } from "./settings.ts";

/**
 * The driver's TLS options for the modes of libpq
 * (https://www.postgresql.org/docs/current/libpq-ssl.html); undefined leaves it to the URL.
 *
 * @throws OtcError `configuration` when the authority's certificate cannot be read
 */
export function tlsSettings({ pgSslmode, pgSslrootcert }: Settings): ConnectionOptions | false | undefined {
  const authority =
    pgSslrootcert === undefined ? {} : { ca: readAuthorities("OTC_PG_SSLROOTCERT", pgSslrootcert) };
  switch (pgSslmode) {
    case undefined:
      return pgSslrootcert === undefined ? undefined : authority;
    case "disable":
      return false;
    case "require":
      return { ...authority, rejectUnauthorized: false };
    case "verify-ca":
      // The certificate chain is checked, the host name is not.
      return { ...authority, checkServerIdentity: () => undefined };
    case "verify-full":
      return authority;
    default:
      return pgSslmode satisfies never;
  }
}
