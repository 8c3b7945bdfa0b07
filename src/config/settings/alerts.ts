import * as v from "valibot";
import { ALERT_CONDITIONS, alertConditions, httpUrl, mailAddresses } from "../values/setting-types.ts";
import { inGroup } from "./setting.ts";

export const ALERTS = inGroup("Alerts", {
  alertWebhook: {
    env: "OTC_ALERT_WEBHOOK",
    description:
      "Incoming webhook of Slack, Teams or the like, for alerts when a condition begins and when it ends.",
    type: httpUrl(""),
    secret: true,
  },
  alertOn: {
    env: "OTC_ALERT_ON",
    description: `Comma-separated conditions to alert on: ${ALERT_CONDITIONS.join(", ")}; or none.`,
    type: alertConditions,
    default: ALERT_CONDITIONS.join(","),
  },
  alertFormat: {
    env: "OTC_ALERT_FORMAT",
    description: "Format of alerts: slack, teams, or auto, which depends on the webhook's host.",
    type: v.picklist(["auto", "slack", "teams"], "must be auto, slack or teams"),
    default: "auto",
  },
  smtpUrl: {
    env: "OTC_SMTP_URL",
    description:
      "Mail server for alerts by e-mail: smtp://user:password@host:587 (STARTTLS if the server has it) or smtps://… (TLS).",
    type: v.pipe(
      v.string(),
      v.check(
        (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol),
        "must be an smtp or smtps URL",
      ),
      v.transform((value) => new URL(value)),
    ),
    secret: true,
  },
  alertMailTo: {
    env: "OTC_ALERT_MAIL_TO",
    description:
      "Addresses that alerts are sent to by e-mail, with commas between them; required with `OTC_SMTP_URL`.",
    type: mailAddresses,
    example: "data-team@example.com",
  },
  alertMailFrom: {
    env: "OTC_ALERT_MAIL_FROM",
    description: "Address that alerts by e-mail come from; required with `OTC_SMTP_URL`.",
    type: mailAddresses,
    example: "otc-etl@example.com",
  },
});
