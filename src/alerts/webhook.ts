import pRetry from "p-retry";
import type { Webhook } from "../config/alert-settings.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { Dispatcher } from "../network/undici.ts";
import { type AlertChannel, DELIVERY_LIMIT_MS } from "./alert-channel.ts";
import type { Announcement } from "./announcement.ts";
import { slackMessage } from "./slack-message.ts";
import { teamsMessage } from "./teams-message.ts";

const RETRIES = 2;
const RETRY_MS = 500;

/** Hosts of Power Automate and of the older connectors of Teams. */
const TEAMS_HOSTS = /\.(webhook\.office\.com|logic\.azure\.com|api\.powerplatform\.com)$/;

/** Posts alerts to a chat. */
export function webhookChannel(webhook: Webhook): AlertChannel {
  return {
    target: `${shownWebhook(webhook)}, format ${formatOf(webhook)}`,
    deliver: (announcement, ended) => postAnnouncement(webhook, announcement, ended),
  };
}

/** The address of a webhook without its secret parts, for messages. */
function shownWebhook({ url }: Pick<Webhook, "url">): string {
  return `${url.origin}/…`;
}

/** The format that a webhook accepts. No body suits both, because `attachments` has a meaning for Slack, too. */
export function formatOf({ url, format }: Pick<Webhook, "url" | "format">): "slack" | "teams" {
  if (format !== "auto") return format;
  return TEAMS_HOSTS.test(url.hostname) ? "teams" : "slack";
}

/**
 * Sends a message. Transient errors are retried, for four seconds in all. Redirects are not followed, and only the status
 * of the answer is read.
 *
 * @param ended cancels the delivery
 * @throws OtcError `configuration` when the message was not delivered
 */
async function postAnnouncement(
  webhook: Webhook,
  announcement: Announcement,
  ended: AbortSignal,
): Promise<void> {
  const body = formatOf(webhook) === "teams" ? teamsMessage(announcement) : slackMessage(announcement);
  // Few loads send an alert, and its import takes a tenth of the start of those that do not.
  const { openDispatcher } = await import("../network/open-dispatcher.ts");
  const agent = openDispatcher({ proxies: webhook.proxies });
  const late = AbortSignal.timeout(DELIVERY_LIMIT_MS);
  const signal = AbortSignal.any([late, ended]);
  try {
    await pRetry(() => postOnce(webhook, JSON.stringify(body), agent, signal), {
      retries: RETRIES,
      minTimeout: RETRY_MS,
      signal,
      shouldRetry: ({ error }) => !(error instanceof OtcError),
    });
  } catch (error) {
    if (error instanceof OtcError) throw error;
    const reason = late.aborted
      ? `it did not accept the alert within ${DELIVERY_LIMIT_MS / 1000} s`
      : errorMessage(error);
    throw refused(webhook, reason, error);
  } finally {
    await agent.destroy();
  }
}

/** @throws OtcError when another attempt would not help, an Error when it might */
async function postOnce(
  webhook: Webhook,
  body: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<void> {
  const { origin, pathname, search } = webhook.url;
  const { statusCode, body: answer } = await dispatcher.request({
    origin,
    path: `${pathname}${search}`,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal,
  });
  // Without a listener, a later error of the connection would end the process.
  answer.on("error", () => undefined);
  answer.destroy();
  if (statusCode >= 200 && statusCode < 300) return;
  const reason = `it answered with status ${statusCode}`;
  if (statusCode >= 500 || statusCode === 429) throw new Error(reason);
  throw refused(webhook, reason);
}

function refused(webhook: Webhook, reason: string, cause?: unknown): OtcError {
  return new OtcError(
    "configuration",
    `No alert could be delivered to ${shownWebhook(webhook)}: ${reason}.`,
    {
      remedy: `Check OTC_ALERT_WEBHOOK, and that it accepts messages in the format ${formatOf(webhook)} (OTC_ALERT_FORMAT).`,
      cause,
    },
  );
}
