import * as v from "valibot";
import { databaseUrl, networks } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const STATUS_PAGE = inGroup("Status page", {
  webToken: {
    env: "OTC_WEB_TOKEN",
    description:
      "Token that `serve` requires from everybody who reads its pages; required on any but a loopback address. At least 16 characters.",
    type: v.pipe(
      v.string(),
      v.regex(/^[!-~]{16,}$/, "must have at least 16 characters of ASCII, and no spaces"),
    ),
    secret: true,
  },
  webTrustedProxies: {
    env: "OTC_WEB_TRUSTED_PROXIES",
    description:
      "Comma-separated addresses or networks of proxies in front of `serve`, or none. The client's address is taken from their `X-Forwarded-For`.",
    type: networks,
    default: "none",
  },
  webDatabaseUrl: {
    env: "OTC_WEB_DATABASE_URL",
    description:
      "PostgreSQL as one URL, with a role that may only read, for `serve`. Without it, `serve` uses the role of the loads, in read-only transactions.",
    type: databaseUrl,
    secret: true,
  },
});
