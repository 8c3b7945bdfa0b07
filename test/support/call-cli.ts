import { PassThrough, Readable, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Command } from "commander";
import { globalOptions } from "../../src/cli/options/global-options.ts";
import { ParseError } from "../../src/cli/parse-error.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { reportFailure } from "../../src/cli/report-failure.ts";
import type { Environment } from "../../src/config/read-settings.ts";
import type { CliResult } from "./run-cli.ts";

/** What a command writes to, which is no terminal. */
class Output extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

/**
 * Runs a command to its end in this process, from its sources: in a fraction of the time that a process takes to start. It is
 * for what a command does to the database, prints and returns. The build, `.env`, the working directory, pipes and signals
 * belong to a process, see `runCli`.
 *
 * One at a time, because commands set the exit code of their process.
 *
 * @param options the whole environment of the command, and what it reads on standard input
 */
export async function callCli(
  args: readonly string[],
  { env = {}, input = "" }: { readonly env?: Environment; readonly input?: string | Buffer } = {},
): Promise<CliResult> {
  const [stdout, stderr] = [new Output(), new Output()];
  const outputs = { stdout, stderr } as unknown as Pick<NodeJS.Process, "stdout" | "stderr">;
  let called: Command | undefined;
  let flags: Environment = {};
  const program = buildProgram({
    env,
    fromDotEnv: new Set(),
    tracing: undefined,
    stdin:
      input.length === 0
        ? new PassThrough().end()
        : Readable.from([Buffer.from(input)], { objectMode: false }),
    ...outputs,
    signal: new AbortController().signal,
    endAfter: () => undefined,
  });
  program.hook("preAction", (_, command) => {
    called = command;
    flags = globalOptions(command).flags;
  });
  const ownExitCode = process.exitCode;
  process.exitCode = 0;
  let code: number;
  try {
    await program.parseAsync([...args], { from: "user" });
    code = process.exitCode;
  } catch (error) {
    const parseError = error instanceof ParseError ? error : undefined;
    const context = {
      process: { argv: [process.execPath, "otc-etl", ...args], ...outputs },
      command: parseError?.command ?? called,
      flags,
    };
    code = parseError?.isAnswered === true ? 0 : reportFailure(error, context);
  } finally {
    process.exitCode = ownExitCode;
  }
  // The last lines of the log.
  await turn();
  return { code, stdout: stdout.text, stderr: stderr.text };
}
