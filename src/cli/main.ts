#!/usr/bin/env node
import { constants } from "node:os";
import { withDotEnv } from "../config/dot-env.ts";
import { tracingSettings } from "../config/tracing-settings.ts";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import { escapeControlCharacters } from "../errors/escape-control-characters.ts";
import { errorMessage } from "../errors/error-message.ts";

const EXIT_USAGE = 2;

/** Of a load: everything is in the database, records in quarantine aside. */
const COMMITTED = new Set<typeof process.exitCode>([0, 3]);

/** A shell's way to say that a signal ended a process. */
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

// A load is not given up because nobody can read of it, as on a full disk: its record is in the database.
process.stderr.on("error", () => undefined);

let outputFailure: Error | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (| head) is no failure.
  if (error.code !== "EPIPE") outputFailure ??= error;
});

requireNode(22, 18);
// Only now: on an older Node some of what these import does not even link.
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
// What was committed before the signal came stays so, and its exit code says it.
if (interruptedBy !== undefined && !COMMITTED.has(process.exitCode)) {
  process.exitCode = EXIT_SIGNAL_BASE + constants.signals[interruptedBy];
}
if (outputFailure !== undefined) {
  process.stderr.write(
    `otc-etl: the output could not be written: ${escapeControlCharacters(errorMessage(outputFailure))}\n`,
  );
}

/** package.json's `engines`, which npm does not enforce. */
function requireNode(major: number, minor: number): void {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split(".").map(Number);
  if (runningMajor > major || (runningMajor === major && runningMinor >= minor)) return;
  process.stderr.write(`otc-etl: needs Node ${major}.${minor} or newer; this is ${process.version}.\n`);
  process.exit(EXIT_USAGE);
}

/** Says what went wrong, and what to do. @returns the exit code */
function report(error: unknown): number {
  // Commander has said it already, or was only asked for help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  // Of the settings every problem has a line; what others quote must not become one.
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
