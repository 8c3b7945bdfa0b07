import { constants } from "node:os";
import type { Command } from "commander";
import { withDotEnv } from "../config/dot-env.ts";
import { tracingSettings } from "../config/tracing-settings.ts";
import { OtcError } from "../errors/otc-error.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import { errorMessage } from "../errors/error-message.ts";
import { Shutdown, SHUTDOWN_MS } from "../shutdown/shutdown.ts";
import { globalOptions } from "./options/global-options.ts";
import { isSwitchGiven } from "./options/switches.ts";
import { ParseError } from "./parse-error.ts";
import { buildProgram } from "./program.ts";
import { reportFailure } from "./report-failure.ts";

/** How long the process may live on when everything is done, in milliseconds; less after an interruption. */
const LINGER_MS = 1000;

/** Exit codes of a load that was committed, without or with rejected records. */
const COMMITTED = new Set<typeof process.exitCode>([0, 3]);

/** By a shell's convention, a process that a signal ended exits with 128 plus the signal's number. */
function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

function overdue(signal: NodeJS.Signals): OtcError {
  return new OtcError(
    "interrupted",
    `Interrupted by ${signal}; something did not respond, so the process was ended after ${SHUTDOWN_MS / 1000} s.`,
    { remedy: "A database that is reachable again rolls back what was not committed." },
  );
}

/** Runs the command that the arguments of this process name, and sets the exit code of the process. */
export async function runCommandLine(): Promise<void> {
  // Stack traces then name the lines of src/. It has to come before what is traced is imported, and makes that slower.
  if (isSwitchGiven(process.argv, "--verbose")) process.setSourceMapsEnabled(true);

  const interruption = new AbortController();
  let interruptedBy: NodeJS.Signals | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruptedBy !== undefined) process.exit(exitCodeOfSignal(signal));
      interruptedBy = signal;
      interruption.abort(
        new OtcError("interrupted", `Interrupted by ${signal}; nothing of this load was kept.`),
      );
    });
  }

  let flags = {};
  let called: Command | undefined;
  let isDone = false;
  let shutdown = Shutdown.of(interruption.signal);
  const endInTime = (): (() => void) =>
    shutdown.onOverdue(() => {
      // The outcome of a command that is done stays, although its output or a file keeps the process alive.
      if (isDone) process.exit(process.exitCode);
      const signal = interruptedBy ?? "SIGTERM";
      reportFailure(overdue(signal), { process, command: called, flags });
      process.exit(exitCodeOfSignal(signal));
    });
  let callOff = endInTime();

  // A load goes on when its log cannot be written, for example on a full disk: its run is recorded in the database.
  process.stderr.on("error", () => undefined);

  let outputFailure: Error | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that closes the pipe early (| head) is not a failure.
    if (error.code !== "EPIPE") outputFailure ??= error;
  });

  try {
    const program = buildProgram({
      ...withDotEnv(process.env, process.cwd()),
      tracing: tracingSettings(process.env),
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: interruption.signal,
      endAfter: (signal) => {
        callOff();
        shutdown = Shutdown.of(signal);
        callOff = endInTime();
      },
    });
    program.hook("preAction", (_, command) => {
      called = command;
      flags = globalOptions(command).flags;
    });
    await program.parseAsync();
  } catch (error) {
    const parseError = error instanceof ParseError ? error : undefined;
    process.exitCode =
      parseError?.isAnswered === true
        ? 0
        : reportFailure(error, { process, command: parseError?.command ?? called, flags });
  }
  // A load that was committed before the signal arrived keeps its exit code.
  if (interruptedBy !== undefined && !COMMITTED.has(process.exitCode)) {
    process.exitCode = exitCodeOfSignal(interruptedBy);
  }
  isDone = true;
  exitWhenWritten(shutdown);
  if (outputFailure !== undefined) {
    process.stderr.write(
      `otc-etl: the output could not be written: ${escapeControlCharacters(errorMessage(outputFailure))}\n`,
    );
  }
}

/**
 * Ends the process although a file operation does not return, as in an archive on a disk that hangs: it would keep the
 * process alive. The timer alone does not.
 */
function exitWhenWritten(shutdown: Shutdown): void {
  setTimeout(
    () => {
      if (process.stdout.writableLength + process.stderr.writableLength > 0) exitWhenWritten(shutdown);
      else process.exit();
    },
    shutdown.leftMs("process", LINGER_MS),
  ).unref();
}
