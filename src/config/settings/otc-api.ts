import * as v from "valibot";
import { httpUrl, path, text } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const OTC_API = inGroup("OTC API", {
  apiUrl: {
    env: "OTC_API_URL",
    description: "Address of the OTC API; the view's id is added as `?id=`.",
    type: httpUrl("; use OTC_API_USERNAME and OTC_API_PASSWORD"),
    example: "https://otc.example.com/api/views",
  },
  apiUsername: {
    env: "OTC_API_USERNAME",
    description: "User name for HTTP Basic authentication (`OTC_API_AUTH=basic`).",
    type: text,
    example: "etl",
  },
  apiPassword: {
    env: "OTC_API_PASSWORD",
    description: "Password for HTTP Basic authentication (`OTC_API_AUTH=basic`).",
    type: text,
    secret: true,
  },
  apiAuth: {
    env: "OTC_API_AUTH",
    description: "How requests to OTC authenticate: basic (user and password) or bearer (`OTC_API_TOKEN`).",
    type: v.picklist(["basic", "bearer"], "must be basic or bearer"),
    default: "basic",
  },
  apiToken: {
    env: "OTC_API_TOKEN",
    description: "Token for `OTC_API_AUTH=bearer`.",
    type: v.pipe(v.string(), v.regex(/^[!-~]+$/, "must be ASCII without spaces")),
    secret: true,
  },
  apiCaFile: {
    env: "OTC_API_CA_FILE",
    description:
      "File with the certificates of further authorities, in PEM format, that OTC's certificate is checked against; for a proxy that inspects TLS, for example.",
    type: path,
    example: "/etc/ssl/certs/company-ca.pem",
  },
  timezone: {
    env: "OTC_TIMEZONE",
    description: "IANA time zone of timestamps that carry none.",
    type: text,
    default: "UTC",
  },
});
