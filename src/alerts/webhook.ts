import pRetry from "p-retry";
import { Agent, type Dispatcher, request } from "undici";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import type { Announcement } from "./announcement.ts";
import { slackMessage } from "./slack-message.ts";
import { teamsMessage } from "./teams-message.ts";

/** Who is told. */
export interface Webhook {
  /** Its path and query are a secret: who knows them may write. */
  readonly url: URL;
  readonly format: "auto" | "slack" | "teams";
}

/** Time for a message to be taken, attempts included, in milliseconds. Whoever has loaded waits for it. */
const TAKEN_MS = 4000;

const RETRIES = 2;
const RETRY_MS = 500;

/** Where Power Automate and the older connectors of Teams receive. */
const TEAMS_HOSTS = /\.(webhook\.office\.com|logic\.azure\.com|api\.powerplatform\.com)$/;

/** Where a webhook is, without what is secret of it: for messages. */
export function shownWebhook({ url }: Webhook): string {
  return `${url.origin}/…`;
}

/** The shape of the messages that a webhook takes. One body for both does not exist: `attachments` is Slack's, too. */
export function formatOf({ url, format }: Webhook): "slack" | "teams" {
  if (format !== "auto") return format;
  return TEAMS_HOSTS.test(url.hostname) ? "teams" : "slack";
}

/**
 * Sends a message. What may pass is tried again, in all for four seconds. Redirects are not followed, and of the answer
 * only its status counts.
 *
 * @param ended gives it up earlier
 * @throws OtcError `configuration` when it was not taken
 */
export async function postAnnouncement(
  webhook: Webhook,
  announcement: Announcement,
  ended: AbortSignal,
): Promise<void> {
  const body = formatOf(webhook) === "teams" ? teamsMessage(announcement) : slackMessage(announcement);
  const agent = new Agent();
  const late = AbortSignal.timeout(TAKEN_MS);
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
    const reason = late.aborted ? `it did not take it within ${TAKEN_MS / 1000} s` : errorMessage(error);
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
  const { statusCode, body: answer } = await request(webhook.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    dispatcher,
    signal,
  });
  // Without a listener what goes wrong after this would end the process.
  answer.on("error", () => undefined);
  answer.destroy();
  if (statusCode >= 200 && statusCode < 300) return;
  const reason = `it answered with status ${statusCode}`;
  if (statusCode >= 500 || statusCode === 429) throw new Error(reason);
  throw refused(webhook, reason);
}

function refused(webhook: Webhook, reason: string, cause?: unknown): OtcError {
  return new OtcError("configuration", `${shownWebhook(webhook)} was not told: ${reason}.`, {
    remedy: `Check OTC_ALERT_WEBHOOK, and that it takes messages in the format ${formatOf(webhook)} (OTC_ALERT_FORMAT).`,
    cause,
  });
}
