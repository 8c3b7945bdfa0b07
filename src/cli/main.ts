#!/usr/bin/env node
import { constants } from "node:os";
import { environmentWithDotEnv } from "../config/process-environment.ts";
import { exitCodeOf, OtcError } from "../errors/otc-error.ts";
import { reasonOf } from "../errors/reason.ts";

const EXIT_USAGE = 2;

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

// A reader that has seen enough (| head) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

requireNode(22, 18);
// Only now: on an older Node some of what these import does not even link.
const { CommanderError } = await import("commander");
const { buildProgram } = await import("./program.ts");

try {
  const program = buildProgram({
    env: environmentWithDotEnv(process.cwd()),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
  });
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
if (interruptedBy !== undefined) process.exitCode = EXIT_SIGNAL_BASE + constants.signals[interruptedBy];

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
  process.stderr.write(`otc-etl: ${reasonOf(error)}\n`);
  if (error instanceof OtcError && error.remedy !== undefined) process.stderr.write(`  → ${error.remedy}\n`);
  const unexpected = !(error instanceof OtcError) || error.code === "internal";
  if ((unexpected || process.argv.includes("--verbose")) && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ""}\n`);
    if (error.cause !== undefined) process.stderr.write(`caused by: ${reasonOf(error.cause)}\n`);
  }
  return exitCodeOf(error);
}
