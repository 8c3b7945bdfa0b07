#!/usr/bin/env node
import { constants } from "node:os";
import { withDotEnv } from "../config/dot-env.ts";
import { tracingSettings } from "../config/tracing-settings.ts";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import { errorMessage } from "../errors/error-message.ts";

const EXIT_USAGE = 2;

/** How long the process may live on when everything is done, in milliseconds. */
const LINGER_MS = 1000;

/** Exit codes of a load that was committed, without or with rejected records. */
const COMMITTED = new Set<typeof process.exitCode>([0, 3]);

/** By a shell's convention, a process that a signal ended exits with this plus the signal's number. */
const EXIT_SIGNAL_BASE = 128;

const interruption = new AbortController();
let interruptedBy: NodeJS.Signals | undefined;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (interruptedBy !== undefined) process.exit(EXIT_SIGNAL_BASE + constants.signals[signal]);
    interruptedBy = signal;
    interruption.abort(
      new OtcError("interrupted", `Interrupted by ${signal}; nothing of this load was kept.`),
    );
  });
}

// A load goes on when its log cannot be written, for example on a full disk: its run is recorded in the database.
process.stderr.on("error", () => undefined);

let outputFailure: Error | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that closes the pipe early (| head) is not a failure.
  if (error.code !== "EPIPE") outputFailure ??= error;
});

requireNode(22, 18);
// Imported only now, because some of their dependencies cannot be linked on an older Node.
const { CommanderError } = await import("commander");
const { buildProgram } = await import("./program.ts");

try {
  const program = buildProgram({
    env: withDotEnv(process.env, process.cwd()),
    tracing: tracingSettings(process.env),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
  });
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// A load that was committed before the signal arrived keeps its exit code.
if (interruptedBy !== undefined && !COMMITTED.has(process.exitCode)) {
  process.exitCode = EXIT_SIGNAL_BASE + constants.signals[interruptedBy];
}
exitWhenWritten();
if (outputFailure !== undefined) {
  process.stderr.write(
    `otc-etl: the output could not be written: ${escapeControlCharacters(errorMessage(outputFailure))}\n`,
  );
}

/**
 * Ends the process although a file operation does not return, as in an archive on a disk that hangs: it would keep the
 * process alive. The timer alone does not.
 */
function exitWhenWritten(): void {
  setTimeout(() => {
    if (process.stdout.writableLength + process.stderr.writableLength > 0) exitWhenWritten();
    else process.exit();
  }, LINGER_MS).unref();
}

/** Enforces `engines` of package.json, which npm does not. */
function requireNode(major: number, minor: number): void {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split(".").map(Number);
  if (runningMajor > major || (runningMajor === major && runningMinor >= minor)) return;
  process.stderr.write(`otc-etl: needs Node ${major}.${minor} or newer; this is ${process.version}.\n`);
  process.exit(EXIT_USAGE);
}

/** Prints the error and its remedy. @returns the exit code */
function report(error: unknown): number {
  // Commander has printed the error already, or was asked for help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  // A configuration error has one line per problem. In other errors a line feed comes from a quoted value.
  const severalLines = error instanceof OtcError && error.code === "configuration";
  const lines = severalLines ? errorMessage(error).split("\n") : [errorMessage(error)];
  process.stderr.write(`otc-etl: ${lines.map(escapeControlCharacters).join("\n")}\n`);
  if (error instanceof OtcError && error.remedy !== undefined) {
    process.stderr.write(`  → ${escapeControlCharacters(error.remedy)}\n`);
  }
  const unexpected = !(error instanceof OtcError) || error.code === "internal";
  if ((unexpected || process.argv.includes("--verbose")) && error instanceof Error) {
    process.stderr.write(
      `${(error.stack ?? "").replace(error.message, () => escapeControlCharacters(error.message))}\n`,
    );
    if (error.cause !== undefined)
      process.stderr.write(`caused by: ${escapeControlCharacters(errorMessage(error.cause))}\n`);
  }
  return exitCodeOf(error);
}
