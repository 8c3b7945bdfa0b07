import { formatOf, postAnnouncement, shownWebhook } from "../alerts/webhook.ts";
import type { Settings } from "../config/settings.ts";
import { type CheckResult, ok, skipped } from "./check.ts";
import { failure } from "./check-configuration.ts";

/**
 * Who is told when something breaks.
 *
 * @param send whether to send a message for a trial
 */
export async function checkAlerts(
  settings: Settings,
  send: boolean,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { alertWebhook: url, alertFormat, alertOn } = settings;
  if (url === undefined) return skipped("alerts", "nobody is told: OTC_ALERT_WEBHOOK is not set");
  const webhook = { url, format: alertFormat };
  const who = `${shownWebhook(webhook)}, as for ${formatOf(webhook)}, of ${alertOn.join(", ") || "nothing"}`;
  if (!send) return ok("alerts", `told: ${who} (--alert sends a message for a trial)`);
  try {
    const lines = ["Alerts will arrive here. Nothing has happened."];
    await postAnnouncement(webhook, { title: "🟢 otc-etl: a trial", lines }, signal);
    return ok("alerts", `a message was taken by ${who}`);
  } catch (error) {
    return failure("alerts", error);
  }
}
