import type { Command } from "commander";
import type { Environment } from "../config/read-settings.ts";
import { describeFailure, type Failure } from "../errors/describe-failure.ts";
import { errorMessage } from "../errors/error-message.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import { exitCodeOf } from "../errors/otc-error.ts";
import { nameFlags } from "./options/name-flags.ts";
import { isSwitchGiven } from "./options/switches.ts";
import { helpOf } from "./parse-error.ts";

/** What a failure is reported to, and what the command was called with. */
interface ReportContext {
  readonly process: Pick<NodeJS.Process, "argv" | "stdout" | "stderr">;
  /** The command that was called; undefined when it is not known. */
  readonly command: Command | undefined;
  /** Settings given as flags, by name without dashes. */
  readonly flags: Environment;
}

/**
 * Prints a failure to stderr: its message, its remedy and, if the command line is wrong, where to get help, each on a
 * line of its own. With `--json` it also prints one JSON object to stdout, even for a usage error, which ends the command
 * before its options are known.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown, { process, command, flags }: ReportContext): number {
  const failure = describe(error, flags);
  const help = failure.code === "usage" && command !== undefined ? helpOf(command) : null;
  const remedy = failure.remedy ?? help;
  if (isSwitchGiven(process.argv, "--json")) {
    process.stdout.write(`${JSON.stringify({ ...failure, remedy })}\n`);
  }
  // A configuration error has one line per problem. In other errors a line feed comes from a quoted value.
  const lines = failure.code === "configuration" ? failure.message.split("\n") : [failure.message];
  process.stderr.write(`otc-etl: ${lines.map(escapeControlCharacters).join("\n")}\n`);
  if (remedy !== null) process.stderr.write(`  → ${escapeControlCharacters(remedy)}\n`);
  if (help !== null && help !== remedy) process.stderr.write(`  ${help}\n`);
  if ((failure.code === "internal" || isSwitchGiven(process.argv, "--verbose")) && error instanceof Error) {
    process.stderr.write(
      `${(error.stack ?? "").replace(error.message, () => escapeControlCharacters(error.message))}\n`,
    );
    if (error.cause !== undefined)
      process.stderr.write(`caused by: ${escapeControlCharacters(errorMessage(error.cause))}\n`);
  }
  return exitCodeOf(error);
}

function describe(error: unknown, flags: Environment): Failure {
  const { code, message, remedy } = describeFailure(error);
  return {
    code,
    message: nameFlags(message, flags),
    remedy: remedy === null ? null : nameFlags(remedy, flags),
  };
}
