import type { AlertSettings } from "../config/alert-settings.ts";
import type { AlertChannel } from "./alert-channel.ts";
import { mailChannel } from "./mail.ts";
import { webhookChannel } from "./webhook.ts";

/** The configured ways to send alerts; empty when there is none. */
export function alertChannels({ webhook, mail }: AlertSettings): readonly AlertChannel[] {
  return [
    ...(webhook === undefined ? [] : [webhookChannel(webhook)]),
    ...(mail === undefined ? [] : [mailChannel(mail)]),
  ];
}
