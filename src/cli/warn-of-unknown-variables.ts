import type { Logger } from "pino";
import type { Environment } from "../config/read-settings.ts";
import { unknownVariables } from "../config/unknown-variables.ts";
import { viewCatalog } from "../views/catalog.ts";

/** Warns of variables that look like settings and are none, for example because of a typing error. */
export async function warnOfUnknownVariables(env: Environment, log: Logger): Promise<void> {
  const views = (await viewCatalog()).map((view) => view.name);
  for (const { name, suggestion } of unknownVariables(env, views)) {
    const hint =
      suggestion === undefined ? "`otc-etl settings` lists all settings." : `Did you mean ${suggestion}?`;
    log.warn(`${name} is not a setting of otc-etl and has no effect. ${hint}`);
  }
}
