import { CommanderError } from "commander";
import type { Environment } from "../config/read-settings.ts";
import { describeFailure, type Failure } from "../errors/describe-failure.ts";
import { errorMessage } from "../errors/error-message.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import { nameFlags } from "./options/name-flags.ts";
import { isSwitchGiven } from "./options/switches.ts";

/** What a failure is reported to, and what the command was called with. */
interface ReportContext {
  readonly process: Pick<NodeJS.Process, "argv" | "stdout" | "stderr">;
  /** Settings given as flags, by name without dashes. */
  readonly flags: Environment;
}

/**
 * Prints a failure and its remedy to stderr and, with `--json`, as one JSON object to stdout: also a usage error, which
 * ends the command before its options are known.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown, { process, flags }: ReportContext): number {
  const failure = describe(error, flags);
  if (isSwitchGiven(process.argv, "--json")) process.stdout.write(`${JSON.stringify(failure)}\n`);
  // Commander has printed its error already.
  if (error instanceof CommanderError) return exitCodeOf(new OtcError("usage", failure.message));
  // A configuration error has one line per problem. In other errors a line feed comes from a quoted value.
  const lines = failure.code === "configuration" ? failure.message.split("\n") : [failure.message];
  process.stderr.write(`otc-etl: ${lines.map(escapeControlCharacters).join("\n")}\n`);
  if (failure.remedy !== null) process.stderr.write(`  → ${escapeControlCharacters(failure.remedy)}\n`);
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
  if (error instanceof CommanderError) {
    const [message = "", ...suggestion] = error.message.replace(/^error: /, "").split("\n");
    const remedy = suggestion.join(" ").replace(/^\((.*)\)$/, "$1");
    return { code: "usage", message, remedy: remedy === "" ? "--help lists commands and options." : remedy };
  }
  const { code, message, remedy } = describeFailure(error);
  return {
    code,
    message: nameFlags(message, flags),
    remedy: remedy === null ? null : nameFlags(remedy, flags),
  };
}
