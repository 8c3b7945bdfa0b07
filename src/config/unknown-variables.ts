import { closestName } from "../errors/closest-name.ts";
import type { Environment } from "./read-settings.ts";
import { settingList, viewSettingList } from "./settings.ts";

/** A variable that looks like a setting and is none. */
export interface UnknownVariable {
  readonly name: string;
  /** The setting that was probably meant; undefined when none is similar. */
  readonly suggestion: string | undefined;
}

/** What Kubernetes and Docker set for a service of the name otc-etl. */
const SERVICE_LINK = /^OTC_ETL_(?:\w+_)?(?:SERVICE_|PORT)/;

/** The variables that begin with `OTC_` but are no settings, so that they have no effect. */
export function unknownVariables(env: Environment, views: readonly string[]): readonly UnknownVariable[] {
  const known = [
    ...settingList.flatMap(({ env: name, secret }) => (secret === true ? [name, `${name}_FILE`] : [name])),
    ...viewSettingList.flatMap(({ variable }) => views.map(variable)),
  ];
  return Object.keys(env)
    .filter((name) => name.startsWith("OTC_") && !known.includes(name) && !SERVICE_LINK.test(name))
    .sort()
    .map((name) => ({ name, suggestion: closestName(name, known) }));
}
