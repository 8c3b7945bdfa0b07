import { type Command, Option } from "commander";
import { type Environment, readSettings } from "../../config/read-settings.ts";
import { path } from "../../config/values/setting-types.ts";
import { MISSING_MODES } from "../../views/view.ts";
import { offering } from "./offering.ts";
import { choicesOf, flagOf, hasFlag, settingList, viewSettingList } from "../../config/settings.ts";

/** The options every command takes. */
export interface GlobalOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly logFormat: "text" | "json";
  /** Tables with all columns and whole texts, however narrow the terminal is. */
  readonly wide: boolean;
  /** Settings given as flags, by name without dashes. */
  readonly flags: Environment;
}

/** Adds the options to the program; commands inherit them. */
export function addGlobalOptions(program: Command): void {
  program
    .option("-q, --quiet", "log only warnings and errors")
    .option("-v, --verbose", "log every step, and the stack traces of errors")
    .option("-w, --wide", "tables with all columns, whole texts and exact times, however wide they are")
    .addOption(
      new Option("--log-format <format>", "the format of log lines")
        .choices(["text", "json"])
        .default("text"),
    );
  for (const { flag } of viewSettingList) {
    const values = flag === "view-missing" ? MISSING_MODES : [];
    program.addOption(
      offering(`--${flag} <view=value>`, "the value for one view; can be repeated", values)
        .hideHelp()
        .argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]),
    );
  }
  for (const setting of settingList) {
    // Every user of a machine can read the flags of its processes.
    if (!hasFlag(setting)) continue;
    const placeholder = setting.type === path ? "path" : "value";
    const flags = `--${flagOf(setting)} <${placeholder}>`;
    program.addOption(offering(flags, setting.description, choicesOf(setting)).hideHelp());
  }
}

/** Reads the global options from any command of the program. */
export function globalOptions(command: Command): GlobalOptions {
  const options = command.optsWithGlobals<Record<string, unknown>>();
  const flags: Record<string, string> = {};
  for (const setting of settingList) {
    const value = options[camelCase(flagOf(setting))];
    if (typeof value === "string") flags[flagOf(setting)] = value;
  }
  for (const { flag } of viewSettingList) {
    for (const assignment of (options[camelCase(flag)] as readonly string[] | undefined) ?? []) {
      const [view = "", ...value] = assignment.split("=");
      flags[`${flag}=${view}`] = value.join("=");
    }
  }
  return {
    quiet: options["quiet"] === true,
    verbose: options["verbose"] === true,
    wide: options["wide"] === true,
    logFormat: options["logFormat"] === "json" ? "json" : "text",
    flags,
  };
}

/** The directory of embedded databases, for commands that need no other setting, whatever is wrong with the others. */
export function dataDirectory(env: Environment, { flags }: Pick<GlobalOptions, "flags">): string {
  const only = { OTC_DATA_DIR: env["OTC_DATA_DIR"] };
  return readSettings(only, flags["data-dir"] === undefined ? {} : { "data-dir": flags["data-dir"] }).dataDir;
}

function camelCase(flag: string): string {
  return flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
