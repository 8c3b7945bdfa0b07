import type * as v from "valibot";

/** One setting: its name, its type and its documentation. */
export interface Setting<T = unknown> {
  /** The environment variable. The flag is the same without `OTC_`: `--api-url` for `OTC_API_URL`. */
  readonly env: string;
  /** The heading that it is listed under. */
  readonly group: string;
  readonly description: string;
  /** Reads the text of the variable. */
  readonly type: v.GenericSchema<string, T>;
  /** The default, as text of the environment variable. */
  readonly default?: string;
  /** A value for the example file, where there is no default. */
  readonly example?: string;
  /** A secret is never printed and never a flag; it can also be read from the file that `<env>_FILE` names. */
  readonly secret?: true;
  /** It is no flag of every command, because one command has an option of the same name. */
  readonly isOption?: true;
}

/** The settings of one group, by the names that they have in `Settings`. */
export function inGroup<const Definitions extends Record<string, Omit<Setting, "group">>>(
  group: string,
  definitions: Definitions,
): { readonly [Name in keyof Definitions]: Definitions[Name] & Pick<Setting, "group"> } {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, { ...definition, group }]),
  ) as { readonly [Name in keyof Definitions]: Definitions[Name] & Pick<Setting, "group"> };
}
