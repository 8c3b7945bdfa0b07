import { hostname } from "node:os";
import type { Logger } from "pino";
import { shownLine, shownTime } from "./announcement.ts";
import type { AlertChannel } from "./alert-channel.ts";
import { deliver } from "./deliver.ts";

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
 * @returns whether any channel accepted it; a failure is logged
 */
export async function sendDatabaseAlert(
  { news, since, reason }: DatabaseAlert,
  channels: readonly AlertChannel[],
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
  return deliver(
    { announcement, news: [`database: ${news}`] },
    channels,
    AbortSignal.timeout(TIME_LIMIT_MS),
    log,
  );
}
