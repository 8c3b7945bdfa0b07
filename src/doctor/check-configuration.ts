import { requiredApiSettings } from "../config/api-settings.ts";
import { proxySettings } from "../config/proxy-settings.ts";
import { type Environment, readViewId } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import { timeZoneNamed } from "../views/values/time-zone.ts";
import type { View } from "../views/view.ts";
import { type CheckResult, failed, ok } from "./check.ts";

/** Checks whether all settings that a load needs are set. */
export async function checkConfiguration(
  settings: Settings,
  env: Environment,
  flags: Environment,
  views: readonly View[],
): Promise<readonly CheckResult[]> {
  return [
    attempt("API settings", () => describeApi(settings, env)),
    ...views.map((view) =>
      attempt(`view ${view.name}`, () => `has the id ${readViewId(env, flags, view.name)}`),
    ),
    await attemptAsync("time zone", async () => (await timeZoneNamed(settings.timezone)).name),
  ];
}

function describeApi(settings: Settings, env: Environment): string {
  const { url, credentials } = requiredApiSettings(settings);
  const { httpProxy, httpsProxy } = proxySettings(env);
  const proxy = httpProxy === "" && httpsProxy === "" ? "" : ", by HTTP_PROXY, HTTPS_PROXY and NO_PROXY";
  const authentication = credentials.kind === "basic" ? "user and password" : "a token";
  return `${url.origin}, with ${authentication}${proxy}`;
}

function attempt(name: string, find: () => string): CheckResult {
  try {
    return ok(name, find());
  } catch (error) {
    return failure(name, error);
  }
}

async function attemptAsync(name: string, find: () => Promise<string>): Promise<CheckResult> {
  try {
    return ok(name, await find());
  } catch (error) {
    return failure(name, error);
  }
}

/** The result of a check that threw. */
export function failure(name: string, error: unknown): CheckResult {
  return failed(name, errorMessage(error), error instanceof OtcError ? error.remedy : undefined);
}
