import { Option } from "commander";

/**
 * An option with values that shells complete and `--help` lists. It is left to the command to refuse others, with a
 * message that says what to do.
 */
export function offering(flags: string, description: string, values: readonly string[]): Option {
  const option = new Option(flags, description);
  if (values.length > 0) option.argChoices = [...values];
  return option;
}
