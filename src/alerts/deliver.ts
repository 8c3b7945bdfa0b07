import type { Logger } from "pino";
import { errorMessage } from "../errors/error-message.ts";
import { OtcError } from "../errors/otc-error.ts";
import type { AlertChannel } from "./alert-channel.ts";
import type { Announcement } from "./announcement.ts";

/** A message, and how the log names it. */
export interface Delivery {
  readonly announcement: Announcement;
  readonly news: readonly string[];
}

/**
 * Sends a message through every channel. A failure is logged.
 *
 * @returns whether any channel accepted it: repeating it for another one would repeat it for those that have it
 */
export async function deliver(
  { announcement, news }: Delivery,
  channels: readonly AlertChannel[],
  signal: AbortSignal,
  log: Logger,
): Promise<boolean> {
  const deliveries = await Promise.allSettled(
    channels.map((channel) => channel.deliver(announcement, signal)),
  );
  const isDelivered = deliveries.some(({ status }) => status === "fulfilled");
  for (const delivery of deliveries) {
    if (delivery.status === "fulfilled") continue;
    const { reason } = delivery as { readonly reason: unknown };
    const remedy = reason instanceof OtcError ? reason.remedy : undefined;
    const consequence = isDelivered ? "another channel has it" : "will try again later";
    log.warn({ news, remedy }, `alert not delivered, ${consequence}: ${errorMessage(reason)}`);
  }
  if (isDelivered) log.info({ news }, "alert delivered");
  return isDelivered;
}
