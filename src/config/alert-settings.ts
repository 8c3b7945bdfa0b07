import { OtcError } from "../errors/otc-error.ts";
import { type ProxySettings, proxySettings } from "./proxy-settings.ts";
import type { Environment } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

/** A webhook that alerts are posted to. */
export interface Webhook {
  /** Its path and query are secret: whoever knows them can post messages. */
  readonly url: URL;
  readonly format: "auto" | "slack" | "teams";
  readonly proxies: ProxySettings;
}

/** A mail server, and whom it sends alerts to. */
export interface Mail {
  /** Contains the user and the password. */
  readonly server: URL;
  readonly from: string;
  /** Addresses with commas between them. */
  readonly to: string;
}

/** Where alerts are sent; undefined for the ways that are not configured. */
export interface AlertSettings {
  readonly webhook: Webhook | undefined;
  readonly mail: Mail | undefined;
}

/** @throws OtcError `configuration` when a mail server is set without addresses */
export function alertSettings(settings: Settings, env: Environment): AlertSettings {
  const { alertWebhook: url, alertFormat: format } = settings;
  return {
    webhook: url === undefined ? undefined : { url, format, proxies: proxySettings(env) },
    mail: mailSettings(settings),
  };
}

function mailSettings({ smtpUrl, alertMailFrom, alertMailTo }: Settings): Mail | undefined {
  if (smtpUrl === undefined) return undefined;
  if (alertMailFrom === undefined || alertMailTo === undefined) {
    const missing = [
      ...(alertMailFrom === undefined ? ["OTC_ALERT_MAIL_FROM"] : []),
      ...(alertMailTo === undefined ? ["OTC_ALERT_MAIL_TO"] : []),
    ];
    throw new OtcError("configuration", `OTC_SMTP_URL is set, but not ${missing.join(" and ")}.`, {
      remedy: "Set the addresses that alerts come from and go to, or unset OTC_SMTP_URL.",
    });
  }
  return { server: smtpUrl, from: alertMailFrom, to: alertMailTo };
}
