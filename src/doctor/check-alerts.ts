import { alertChannels } from "../alerts/alert-channels.ts";
import type { AlertSettings } from "../config/alert-settings.ts";
import type { AlertCondition } from "../config/values/setting-types.ts";
import { type CheckResult, ok, skipped } from "./check.ts";
import { failure } from "./check-configuration.ts";

/**
 * Checks the alert delivery, with one result per channel.
 *
 * @param send whether to send a test message
 */
export async function checkAlerts(
  settings: AlertSettings,
  alertOn: readonly AlertCondition[],
  send: boolean,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const name = "alerts";
  const channels = alertChannels(settings);
  if (channels.length === 0) {
    return [skipped(name, "no alerts are sent: neither OTC_ALERT_WEBHOOK nor OTC_SMTP_URL is set")];
  }
  const conditions = `conditions: ${alertOn.join(", ") || "none"}`;
  return Promise.all(
    channels.map(async (channel) => {
      const target = `${channel.target}, ${conditions}`;
      if (!send) return ok(name, `sent to ${target} (--alert sends a test message)`);
      try {
        const lines = ["Alerts will arrive here. There is no problem."];
        await channel.deliver({ title: "🟢 otc-etl: test message", lines }, signal);
        return ok(name, `a test message was accepted by ${target}`);
      } catch (error) {
        return failure(name, error);
      }
    }),
  );
}
