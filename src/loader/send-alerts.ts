import { viewCatalog } from "../views/catalog.ts";
import type { Loader } from "./loader.ts";

/**
 * Sends the alerts that are due to the webhook and by e-mail, as configured; see `evaluateAlerts`. Loads do so at their
 * end. Only periodic checks detect loads that never start.
 */
export async function sendDueAlerts(loader: Loader): Promise<void> {
  const { alertOn, maxAgeMs, maxRollbackRate } = loader.settings;
  const { alertChannels } = await import("../alerts/alert-channels.ts");
  const channels = alertChannels(loader.alerts);
  if (channels.length === 0) return;
  const { evaluateAlerts } = await import("../alerts/evaluate-alerts.ts");
  await evaluateAlerts({
    database: await loader.database(),
    views: await viewCatalog(),
    channels,
    conditions: alertOn,
    limits: { maxAgeSeconds: maxAgeMs / 1000, maxRollbackRate },
    log: loader.log,
  });
}

/**
 * Sends, if alerts are configured, that the database cannot be reached, or can be reached again.
 *
 * @returns false when it was not delivered
 */
export async function sendDatabaseAlert(
  loader: Loader,
  alert: {
    readonly news: "broken" | "recovered";
    readonly since: Date;
    readonly reason: string | undefined;
  },
): Promise<boolean> {
  const { alertChannels } = await import("../alerts/alert-channels.ts");
  const channels = alertChannels(loader.alerts);
  if (channels.length === 0 || loader.settings.alertOn.length === 0) return true;
  const { sendDatabaseAlert: send } = await import("../alerts/database-alert.ts");
  const { location } = await loader.database();
  return send(alert, channels, location, loader.log);
}
