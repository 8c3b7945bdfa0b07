import * as v from "valibot";
import { databaseUrl, path, text, wholeNumber } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const DATABASE = inGroup("Database", {
  databaseUrl: {
    env: "OTC_DATABASE_URL",
    description:
      "PostgreSQL as one URL. It takes precedence over `OTC_PG_*`; its password may come from `OTC_PG_PASSWORD`.",
    type: databaseUrl,
    secret: true,
  },
  pgHost: {
    env: "OTC_PG_HOST",
    description: "PostgreSQL server (default localhost, if any `OTC_PG_*` other than the schema is set).",
    type: text,
    example: "localhost",
  },
  pgPort: {
    env: "OTC_PG_PORT",
    description: "Port of the server (default 5432).",
    type: wholeNumber(1, 65_535),
    example: "5432",
  },
  pgDatabase: {
    env: "OTC_PG_DATABASE",
    description: "Database on the server (default servicedesk).",
    type: text,
    example: "servicedesk",
  },
  pgUser: {
    env: "OTC_PG_USER",
    description: "Role to connect as (default: the operating system's user).",
    type: text,
    example: "otc_etl",
  },
  pgPassword: {
    env: "OTC_PG_PASSWORD",
    description: "Password of the role.",
    type: text,
    secret: true,
  },
  pgSslmode: {
    env: "OTC_PG_SSLMODE",
    description:
      "TLS to PostgreSQL: disable, require (encrypted, the certificate is not checked), verify-ca, or verify-full.",
    type: v.picklist(
      ["disable", "require", "verify-ca", "verify-full"],
      "must be disable, require, verify-ca or verify-full",
    ),
    example: "verify-full",
  },
  pgSslrootcert: {
    env: "OTC_PG_SSLROOTCERT",
    description: "File with the certificate authority that PostgreSQL's certificate is checked against.",
    type: path,
    example: "/etc/ssl/certs/postgres-ca.pem",
  },
  pgSchema: {
    env: "OTC_PG_SCHEMA",
    description: "Schema of all tables, on a server and embedded.",
    type: text,
    default: "servicedesk",
  },
  distribute: {
    env: "OTC_DISTRIBUTE",
    description:
      "Whether `migrate` spreads the tables of the views over the servers of a cluster: citus does, as `migrate --distribute`.",
    type: v.picklist(["citus"], "must be citus"),
    isOption: true,
    example: "citus",
  },
  dataDir: {
    env: "OTC_DATA_DIR",
    description: "Directory of the embedded database, which is used when no server is configured.",
    type: path,
    default: ".otc-etl",
  },
});
