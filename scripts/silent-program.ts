import { PassThrough } from "node:stream";
import type { Command } from "commander";
import type { CliContext } from "../src/cli/cli-context.ts";
import { buildProgram } from "../src/cli/program.ts";

/** The command line with its output discarded. */
export function silentProgram(): Command {
  const silent = new PassThrough().resume() as unknown as CliContext["stdout"];
  return buildProgram({
    env: {},
    fromDotEnv: new Set(),
    tracing: undefined,
    stdin: new PassThrough(),
    stdout: silent,
    stderr: silent,
    signal: new AbortController().signal,
    endAfter: () => undefined,
  });
}
