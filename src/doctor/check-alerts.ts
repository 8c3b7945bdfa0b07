import { formatOf, postAnnouncement, shownWebhook } from "../alerts/webhook.ts";
import type { Settings } from "../config/settings.ts";
import { type CheckResult, ok, skipped } from "./check.ts";
import { failure } from "./check-configuration.ts";

/**
 * Checks the alert delivery.
 *
 * @param send whether to send a test message
 */
export async function checkAlerts(
  settings: Settings,
  send: boolean,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { alertWebhook: url, alertFormat, alertOn } = settings;
  if (url === undefined) return skipped("alerts", "no alerts are sent: OTC_ALERT_WEBHOOK is not set");
  const webhook = { url, format: alertFormat };
  const target = `${shownWebhook(webhook)}, format ${formatOf(webhook)}, conditions: ${alertOn.join(", ") || "none"}`;
  if (!send) return ok("alerts", `sent to ${target} (--alert sends a test message)`);
  try {
    const lines = ["Alerts will arrive here. There is no problem."];
    await postAnnouncement(webhook, { title: "🟢 otc-etl: test message", lines }, signal);
    return ok("alerts", `a test message was accepted by ${target}`);
  } catch (error) {
    return failure("alerts", error);
  }
}
