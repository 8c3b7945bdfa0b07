import type { Environment } from "../../config/read-settings.ts";
import { flagOf, settingList, viewSettingList } from "../../config/settings.ts";

/**
 * Names the flag instead of the variable where a setting was given as a flag. Only the command line knows flags, so
 * messages name settings by their variables.
 *
 * @param flags by the flag's name without dashes
 */
export function nameFlags(text: string, flags: Environment): string {
  const names = new Map(settingList.map((setting) => [setting.env, flagOf(setting)]));
  const given = new Map<string, string>();
  for (const [variable, flag] of names) if (flags[flag] !== undefined) given.set(variable, `--${flag}`);
  for (const { flag, variable } of viewSettingList) {
    for (const key of Object.keys(flags).filter((name) => name.startsWith(`${flag}=`))) {
      given.set(variable(key.slice(flag.length + 1)), key.replace(/^(.*?)=/, "--$1 "));
    }
  }
  return text.replaceAll(/\bOTC_\w+/g, (variable) => given.get(variable) ?? variable);
}
