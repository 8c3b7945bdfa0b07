import { type Environment, withoutUrlSecrets } from "./read-settings.ts";
import { flagOf, hasFlag, settingList, viewSettingList } from "./settings.ts";

/** A setting with its current value. */
interface DescribedSetting {
  readonly env: string;
  readonly flag: string;
  readonly value: string;
  readonly origin: string;
}

/**
 * Every setting with its current value, unchecked. Of a secret, only whether it is set.
 *
 * @param fromDotEnv the names of the variables of `env` that come from `.env`
 */
export function describeSettings(
  env: Environment,
  fromDotEnv: ReadonlySet<string>,
  flags: Environment,
  views: readonly string[],
): readonly DescribedSetting[] {
  const placeOf = (variable: string): string => (fromDotEnv.has(variable) ? ".env" : "environment");
  const settings = settingList.map((setting): DescribedSetting => {
    const name = flagOf(setting);
    const file = `${setting.env}_FILE`;
    const shown = { env: setting.env, flag: hasFlag(setting) ? `--${name}` : "-" };
    const conceal = (value: string): string => (setting.secret === true ? "(set)" : withoutUrlSecrets(value));
    if (flags[name] !== undefined) return { ...shown, value: conceal(flags[name]), origin: "flag" };
    if (env[setting.env])
      return { ...shown, value: conceal(env[setting.env] ?? ""), origin: placeOf(setting.env) };
    if (setting.secret === true && env[file])
      return { ...shown, value: "(set)", origin: `${file}, ${placeOf(file)}` };
    return {
      ...shown,
      value: setting.default ?? "",
      origin: setting.default === undefined ? "not set" : "default",
    };
  });
  const viewSettings = viewSettingList.flatMap(({ variable, flag: flagName }) =>
    views.map((view): DescribedSetting => {
      const name = variable(view);
      const flag = flags[`${flagName}=${view}`];
      const value = flag ?? env[name] ?? "";
      return {
        env: name,
        flag: `--${flagName} ${view}=VALUE`,
        value,
        origin: flag === undefined ? (value === "" ? "not set" : placeOf(name)) : "flag",
      };
    }),
  );
  return [...settings, ...viewSettings];
}
