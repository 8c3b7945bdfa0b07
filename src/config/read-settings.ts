import { readFileSync } from "node:fs";
import { safeParse } from "valibot";
import { OtcError } from "../errors/otc-error.ts";
import { errorMessage } from "../errors/error-message.ts";
import {
  flagOf,
  settingList,
  type Settings,
  viewIdVariable,
  viewMissingVariable,
  viewScheduleVariable,
} from "./settings.ts";
import type { Setting } from "./settings/setting.ts";

/** An environment, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a setting was found, for messages. */
interface Found {
  readonly text: string;
  readonly where: string;
}

/**
 * Reads all settings; flags take precedence over the environment. An empty variable counts as not set.
 *
 * @param flags by the flag's name without dashes, for example `api-url`
 * @throws OtcError `configuration` that lists everything that is wrong, never a secret's value
 */
export function readSettings(env: Environment, flags: Environment = {}): Settings {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const definition of settingList) {
    try {
      const found = find(definition, env, flags);
      if (found === undefined) {
        settings[definition.name] = undefined;
        continue;
      }
      const parsed = safeParse(definition.type, found.text);
      if (parsed.success) settings[definition.name] = parsed.output;
      else problems.push(describe(definition, found, parsed.issues[0].message));
    } catch (error) {
      problems.push(errorMessage(error));
    }
  }
  if (problems.length > 0) {
    throw new OtcError("configuration", problems.join("\n"), {
      remedy: "`otc-etl settings` lists every setting with its current value.",
    });
  }
  return settings as unknown as Settings;
}

function find(definition: Setting, env: Environment, flags: Environment): Found | undefined {
  const flag = flags[flagOf(definition)];
  if (flag !== undefined) return { text: flag, where: `--${flagOf(definition)}` };
  const value = notEmpty(env[definition.env]);
  const file = definition.secret === true ? notEmpty(env[`${definition.env}_FILE`]) : undefined;
  if (file !== undefined && value !== undefined) {
    throw new Error(`${definition.env} and ${definition.env}_FILE are both set; use one of them.`);
  }
  if (file !== undefined) return { text: readSecret(definition.env, file), where: `${definition.env}_FILE` };
  if (value !== undefined) return { text: value, where: definition.env };
  return definition.default === undefined ? undefined : { text: definition.default, where: "the default" };
}

function notEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** Reads a secret without the line feed that editors and secret stores put at the end of a file. */
function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`${variable}_FILE cannot be read: ${errorMessage(error)}.`, { cause: error });
  }
}

function describe(definition: Setting, found: Found, problem: string): string {
  const value = definition.secret === true ? "" : ` is ${JSON.stringify(withoutUrlSecrets(found.text))}, but`;
  return `${found.where}${value} ${problem}.`;
}

/**
 * Hides the user name and the password of a URL, which are secret even where they are not allowed, and the values of its
 * query, which may be tokens.
 */
export function withoutUrlSecrets(text: string): string {
  return text
    .replace(/\/\/[^/?#]*@/, "//…@")
    .replace(/(\/\/[^?#]*\?)([^#]*)/, (_, before: string, query: string) => before + withoutValues(query));
}

function withoutValues(query: string): string {
  return query
    .split("&")
    .map((part) => (part.includes("=") ? part.replace(/=.*/s, "=…") : "…"))
    .join("&");
}

/**
 * The id of a view in OTC.
 *
 * @param flags `--view-id tickets=17` has the key `view-id=tickets`
 * @throws OtcError `configuration` when it is not set
 */
export function readViewId(env: Environment, flags: Environment, view: string): string {
  const variable = viewIdVariable(view);
  const id = flags[`view-id=${view}`] ?? env[variable];
  if (id !== undefined && id !== "") return id;
  throw new OtcError("configuration", `${variable} is not set.`, {
    remedy: `Set it to the id of the view ${view} in OTC, or load a file with --from.`,
  });
}

/** A text and the setting it comes from, for messages. */
interface OriginatedText {
  readonly text: string;
  readonly setting: string;
}

/** The schedule of a view: its own, or that of all views. */
export function readViewSchedule(
  env: Environment,
  flags: Environment,
  { schedule }: Settings,
  view: string,
): OriginatedText {
  const variable = viewScheduleVariable(view);
  const own = notEmpty(flags[`view-schedule=${view}`] ?? env[variable]);
  return own === undefined ? { text: schedule, setting: "OTC_SCHEDULE" } : { text: own, setting: variable };
}

/** What becomes of a view's missing rows; undefined when the view's own choice counts. */
export function readMissingSetting(
  env: Environment,
  flags: Environment,
  view: string,
): OriginatedText | undefined {
  const variable = viewMissingVariable(view);
  const text = notEmpty(flags[`view-missing=${view}`] ?? env[variable]);
  return text === undefined ? undefined : { text, setting: variable };
}
