import { Argument, type Command } from "commander";
import type { LoadRequest } from "../../loader/load-request.ts";
import type { CliContext } from "../cli-context.ts";
import { requireWholeNumber } from "./whole-number.ts";
import { type LoadOptionFlags, readLoadOptions, withLoadOptions } from "./load-options.ts";

const MOST_ROWS = 1_000_000_000;

/** The flags that say which documents of OTC to read, and with which guards. */
export interface DocumentFlags extends LoadOptionFlags {
  readonly from?: string;
  readonly allowLate: boolean;
  readonly ignoreCircuit: boolean;
  readonly acceptMissing?: string;
}

/** Adds the argument for the views and the options for their documents. */
export function withDocumentOptions(command: Command): Command {
  command
    .addArgument(new Argument("[view...]", "tickets, comments, timesheets or all (default: all)"))
    .option(
      "--from <file>",
      "read a document from a file (plain, .gz or .zst; - for standard input) instead of the API",
    );
  command.option(
    "--allow-late",
    "accept many new records whose date says that the last load should have had them",
    false,
  );
  return withLoadOptions(command)
    .option("--ignore-circuit", "send requests to OTC although the circuit is open", false)
    .option(
      "--accept-missing <count>",
      "the largest number of rows that may be removed as missing (default: the larger of 50 and 0.5%)",
    );
}

/** @throws OtcError `usage` when a flag is not valid */
export function readDocumentOptions(
  flags: DocumentFlags,
  { stdin }: CliContext,
): Pick<
  LoadRequest,
  | "errorLimit"
  | "allowShrink"
  | "allowLate"
  | "ignoreCircuit"
  | "acceptMissing"
  | "lockWaitMs"
  | "timeoutMs"
  | "file"
> {
  return {
    ...readLoadOptions(flags),
    allowLate: flags.allowLate,
    ignoreCircuit: flags.ignoreCircuit,
    ...(flags.acceptMissing === undefined
      ? {}
      : { acceptMissing: requireWholeNumber("--accept-missing", flags.acceptMissing, MOST_ROWS) }),
    ...(flags.from === undefined ? {} : { file: { path: flags.from, stdin } }),
  };
}
