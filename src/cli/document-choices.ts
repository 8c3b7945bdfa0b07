import { parseDuration } from "../config/duration.ts";
import { parseErrorLimit } from "../load/error-limit.ts";
import type { LoadRequest } from "../load/loader.ts";
import type { CliContext } from "./cli-context.ts";
import type { DocumentFlags } from "./document-options.ts";

/** What a load is asked by these flags. */
type DocumentChoices = Pick<
  LoadRequest,
  "errorLimit" | "allowShrink" | "ignoreCircuit" | "lockWaitMs" | "timeoutMs" | "file"
>;

/** @throws OtcError `usage` when a flag is not valid */
export function documentChoices(flags: DocumentFlags, { stdin }: CliContext): DocumentChoices {
  return {
    errorLimit: flags.maxErrors === undefined ? { kind: "default" } : parseErrorLimit(flags.maxErrors),
    allowShrink: flags.allowShrink,
    ignoreCircuit: flags.ignoreCircuit,
    lockWaitMs: flags.wait === undefined ? 0 : parseDuration(flags.wait, "--wait"),
    ...(flags.timeout === undefined ? {} : { timeoutMs: parseDuration(flags.timeout, "--timeout") }),
    ...(flags.from === undefined ? {} : { file: { path: flags.from, stdin } }),
  };
}
