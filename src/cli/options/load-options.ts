import { type Command, Option } from "commander";
import { parseDuration } from "../../config/values/duration.ts";
import { parseErrorLimit } from "../../load/guards/error-limit.ts";
import type { LoadRequest } from "../../loader/load-request.ts";

/** The flags of every command that locks a view. */
export interface WaitFlags {
  readonly wait?: string;
  readonly timeout?: string;
  readonly json: boolean;
}

/** The flags of every command that may reject records. */
export interface ErrorLimitFlags extends WaitFlags {
  readonly maxErrors?: string;
}

/** The flags of every command that loads documents of OTC. */
export interface LoadOptionFlags extends ErrorLimitFlags {
  readonly allowShrink: boolean;
}

/** Adds the limits for the wait and the time of a load, and `--json`. */
export function withWaitOptions(command: Command): Command {
  return command
    .option(
      "--wait <duration>",
      "wait for another load of the view to end, such as 30s or 10m (default: do not wait)",
    )
    .option("--timeout <duration>", "time limit per view, such as 2h (default: OTC_LOAD_TIMEOUT_MS)")
    .option("--json", "one JSON object per view on stdout", false);
}

/** Adds the error limit, and what `withWaitOptions` adds. */
export function withErrorLimit(command: Command): Command {
  command.addOption(
    new Option(
      "--max-errors <limit>",
      "the largest number of rejected records, such as 50 or 2% (default: the larger of 100 and 1%)",
    ),
  );
  return withWaitOptions(command);
}

/** Adds both guards of a load, and what `withWaitOptions` adds. */
export function withLoadOptions(command: Command): Command {
  command.option(
    "--allow-shrink",
    "accept a document with fewer than half of the last load's records",
    false,
  );
  return withErrorLimit(command);
}

/** @throws OtcError `usage` */
export function readWaitOptions(flags: WaitFlags): Pick<LoadRequest, "lockWaitMs" | "timeoutMs"> {
  return {
    lockWaitMs: flags.wait === undefined ? 0 : parseDuration(flags.wait, "--wait"),
    ...(flags.timeout === undefined ? {} : { timeoutMs: parseDuration(flags.timeout, "--timeout") }),
  };
}

/** @throws OtcError `usage` */
export function readErrorLimit(
  flags: ErrorLimitFlags,
): Pick<LoadRequest, "errorLimit" | "lockWaitMs" | "timeoutMs"> {
  return {
    errorLimit: flags.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(flags.maxErrors),
    ...readWaitOptions(flags),
  };
}

/** @throws OtcError `usage` */
export function readLoadOptions(
  flags: LoadOptionFlags,
): Pick<LoadRequest, "errorLimit" | "allowShrink" | "lockWaitMs" | "timeoutMs"> {
  return { allowShrink: flags.allowShrink, ...readErrorLimit(flags) };
}
