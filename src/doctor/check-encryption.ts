import { databaseHost } from "../config/database-settings.ts";
import { isLoopback } from "../config/loopback.ts";
import type { Settings } from "../config/settings.ts";
import type { Database } from "../database/database.ts";
import { type CheckResult, ok, skipped, warning } from "./check.ts";

/** Checks whether passwords and records are encrypted on their way to other machines. */
export async function checkEncryption(
  settings: Settings,
  open: () => Promise<Database>,
): Promise<readonly CheckResult[]> {
  return [
    await checkUrl("encryption, API", "OTC_API_URL", settings.apiUrl, "the password and all records go"),
    await checkUrl(
      "encryption, alerts",
      "OTC_ALERT_WEBHOOK",
      settings.alertWebhook,
      "the secret address of the webhook goes",
    ),
    await checkConnection(settings, open),
  ];
}

async function checkUrl(
  name: string,
  setting: string,
  url: URL | undefined,
  exposed: string,
): Promise<CheckResult> {
  if (url === undefined) return skipped(name, `${setting} is not set`);
  if (url.protocol === "https:") return ok(name, "TLS");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (await isLoopback(host)) return ok(name, "without TLS, on this machine only");
  return warning(name, `${exposed} to ${host} without TLS`, `Use https:// in ${setting}.`);
}

async function checkConnection(settings: Settings, open: () => Promise<Database>): Promise<CheckResult> {
  const name = "encryption, PostgreSQL";
  const host = databaseHost(settings);
  if (host === undefined) return ok(name, "the connection does not leave this machine");
  const encrypted = await isEncrypted(open);
  if (encrypted === undefined) return skipped(name, "the database cannot be reached");
  if (encrypted) return ok(name, "TLS");
  if (await isLoopback(host)) return ok(name, "without TLS, on this machine only");
  return warning(
    name,
    `the records go to ${host} without TLS`,
    "Set OTC_PG_SSLMODE=verify-full, or require if the server's certificate cannot be checked.",
  );
}

/** Undefined when the database does not answer, which another check reports. */
async function isEncrypted(open: () => Promise<Database>): Promise<boolean | undefined> {
  try {
    const database = await open();
    const { rows } = await database.query<{ ssl: boolean }>(
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    return rows[0]?.ssl ?? false;
  } catch {
    return undefined;
  }
}
