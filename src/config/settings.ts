import type * as v from "valibot";
import { ALERTS } from "./settings/alerts.ts";
import { ARCHIVE } from "./settings/archive.ts";
import { DATABASE } from "./settings/database.ts";
import { HEALTH } from "./settings/health.ts";
import { HISTORY } from "./settings/history.ts";
import { LIMITS } from "./settings/limits.ts";
import { OTC_API } from "./settings/otc-api.ts";
import { PACE_AND_RETRIES } from "./settings/pace-and-retries.ts";
import { RETENTION } from "./settings/retention.ts";
import { SCHEDULE } from "./settings/schedule.ts";
import { STATUS_PAGE } from "./settings/status-page.ts";
import type { Setting } from "./settings/setting.ts";

/**
 * Every setting there is. The tables of docs/settings.md, `.env.example`, the flags and the validation come from this list.
 * A setting is added to the file of its group in `settings/`.
 */
const SETTINGS = {
  ...OTC_API,
  ...DATABASE,
  ...PACE_AND_RETRIES,
  ...ARCHIVE,
  ...LIMITS,
  ...HISTORY,
  ...RETENTION,
  ...SCHEDULE,
  ...HEALTH,
  ...STATUS_PAGE,
  ...ALERTS,
};

type SettingName = keyof typeof SETTINGS;

/** The settings as read. A setting that is not set has its default, or is undefined without one. */
export type Settings = {
  readonly [Name in SettingName]:
    | v.InferOutput<(typeof SETTINGS)[Name]["type"]>
    | ((typeof SETTINGS)[Name] extends { default: string } ? never : undefined);
};

/** All settings, with the name they have in `Settings`. */
export const settingList: readonly (Setting & { readonly name: SettingName })[] = Object.entries(
  SETTINGS,
).map(([name, definition]) => ({ ...definition, name: name as SettingName }));

/** The flag of a setting, without dashes: `api-url`. */
export function flagOf(definition: Setting): string {
  return definition.env.replace(/^OTC_/, "").toLowerCase().replaceAll("_", "-");
}

/** Whether every command takes the setting as a flag. */
export function hasFlag({ secret, isOption }: Setting): boolean {
  return secret !== true && isOption !== true;
}

/** The values that a setting can have, when they are few. */
export function choicesOf({ type }: Setting): readonly string[] {
  return "options" in type && Array.isArray(type.options) ? type.options.map(String) : [];
}

/** A setting that each view has its own value of. */
interface ViewSetting {
  readonly group: string;
  readonly variable: (view: string) => string;
  readonly description: (view: string) => string;
  /** The flag that takes `view=value`, without dashes. */
  readonly flag: string;
}

/** All settings that each view has its own value of. */
export const viewSettingList: readonly ViewSetting[] = [
  {
    group: "OTC API",
    variable: viewIdVariable,
    description: (view) => `The id of the view ${view} in OTC.`,
    flag: "view-id",
  },
  {
    group: "Schedule",
    variable: viewScheduleVariable,
    description: (view) =>
      `When \`worker\` loads the view ${view}, if different from \`OTC_SCHEDULE\`; or off.`,
    flag: "view-schedule",
  },
  {
    group: "Missing rows",
    variable: viewMissingVariable,
    description: (view) =>
      `What a load does with rows of the view ${view} that OTC no longer sends: ignore, report, soft-delete or archive. The default is in docs/loading.md.`,
    flag: "view-missing",
  },
];

/** The variable that holds a view's id. */
export function viewIdVariable(view: string): string {
  return `OTC_VIEW_${inCapitals(view)}`;
}

/** The variable that holds a view's own schedule. */
export function viewScheduleVariable(view: string): string {
  return `OTC_SCHEDULE_${inCapitals(view)}`;
}

/** The variable that says what becomes of a view's missing rows. */
export function viewMissingVariable(view: string): string {
  return `OTC_MISSING_${inCapitals(view)}`;
}

function inCapitals(view: string): string {
  return view.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}
