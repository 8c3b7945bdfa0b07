import { hostname } from "node:os";
import type { Logger } from "pino";
import { errorMessage } from "../errors/error-message.ts";
import { shownLine, shownTime } from "./announcement.ts";
import { postAnnouncement, type Webhook } from "./webhook.ts";

/** What is told about the database. */
interface DatabaseAlert {
  readonly news: "broken" | "recovered";
  readonly since: Date;
  readonly reason: string | undefined;
}

/** Time limit for the delivery, in milliseconds. */
const TIME_LIMIT_MS = 5000;

/**
 * Sends the message that the database cannot be reached, or that it can be reached again.
 *
 * @param location of the database, without credentials
 * @returns whether the webhook accepted it; a failure is logged
 */
export async function sendDatabaseAlert(
  { news, since, reason }: DatabaseAlert,
  webhook: Webhook,
  location: string,
  log: Logger,
): Promise<boolean> {
  const isBroken = news === "broken";
  const announcement = {
    title: isBroken
      ? "🔴 otc-etl: the database cannot be reached"
      : "🟢 otc-etl: the database can be reached again",
    lines: [
      isBroken
        ? `Since ${shownTime(since)}: ${reason ?? "no reason is known"}`
        : `It could not be reached since ${shownTime(since)}.`,
      ...(isBroken ? ["No view is loaded and no other alert is sent until it is back."] : []),
      `Sent by the worker on ${hostname()}, for ${location}.`,
    ].map(shownLine),
  };
  try {
    await postAnnouncement(webhook, announcement, AbortSignal.timeout(TIME_LIMIT_MS));
    log.info({ news }, "alert about the database delivered");
    return true;
  } catch (error) {
    log.warn({ news }, `alert about the database not delivered, will try again: ${errorMessage(error)}`);
    return false;
  }
}
