import type { Announcement } from "./announcement.ts";

/** A way to send alerts. */
export interface AlertChannel {
  /** Where it leads to, without secrets, for messages. */
  readonly target: string;
  /**
   * Sends a message; transient errors are retried within `DELIVERY_LIMIT_MS`.
   *
   * @param ended cancels the delivery
   * @throws OtcError `configuration` when the message was not delivered
   */
  deliver(announcement: Announcement, ended: AbortSignal): Promise<void>;
}

/** Time limit for the delivery of a message with its retries, in milliseconds: a load waits for it at its end. */
export const DELIVERY_LIMIT_MS = 4000;
