import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import type { Environment } from "../../src/config/read-settings.ts";
import { scratchFolder } from "./scratch-folder.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/**
 * In each process that opens an embedded database V8 optimizes a function of PGlite that is so large that this takes
 * 0.7 s and 600 MB. No command of a test runs long enough to get that back.
 */
const UNOPTIMIZED_WASM = "--liftoff-only";

export interface CliOptions {
  /** The whole environment but for PATH: nothing of the tester's own settings gets in. */
  readonly env?: Environment;
  /** Where `.env` and `.otc-etl` are looked for; a new folder when left out. */
  readonly cwd?: string;
  /** What the command reads on standard input. */
  readonly input?: string | Buffer;
  /** For Node itself, before the script. */
  readonly nodeOptions?: readonly string[];
  /** Open files to write to, instead of being read by the test. */
  readonly stdio?: { readonly stdout: number; readonly stderr: number };
}

export interface CliResult {
  /** As a shell sees it; undefined when a signal ended the process. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningCli {
  readonly process: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves with everything written so far when stdout or stderr matches; rejects when the command ends before. */
  output(pattern: RegExp): Promise<string>;
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await scratchFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the built `otc-etl`; it is killed with the test if it still runs. */
export async function startCli(args: readonly string[], options: CliOptions = {}): Promise<RunningCli> {
  const child = spawn(process.execPath, [UNOPTIMIZED_WASM, ...(options.nodeOptions ?? []), MAIN, ...args], {
    cwd: options.cwd ?? (await temporaryFolder()),
    env: { PATH: process.env["PATH"], ...options.env },
    stdio: ["pipe", options.stdio?.stdout ?? "pipe", options.stdio?.stderr ?? "pipe"],
  });
  const { stdin } = child;
  const [stdoutPipe, stderrPipe] = [child.stdout ?? Readable.from([]), child.stderr ?? Readable.from([])];
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [stdout, stderr] = ["", ""];
  stdoutPipe.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  stderrPipe.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A command that fails early does not read to the end.
  stdin?.on("error", () => undefined);
  if (options.input !== undefined) stdin?.end(options.input);
  const closed = once(child, "close") as Promise<[number | null]>;
  const result = closed.then(([code]) => ({ code: code ?? undefined, stdout, stderr }));
  return {
    process: child,
    result,
    output: async (pattern) => {
      for (;;) {
        if (pattern.test(stdout + stderr)) return stdout + stderr;
        const heard = new AbortController();
        const ended = await Promise.race([
          result,
          ...[stdoutPipe, stderrPipe].map((pipe) =>
            once(pipe, "data", heard).then(
              () => undefined,
              () => undefined,
            ),
          ),
        ]);
        heard.abort();
        if (ended !== undefined && !pattern.test(stdout + stderr)) {
          throw new Error(
            `The command ended (${ended.code ?? "by a signal"}) without ${String(pattern)}:\n${stderr}`,
          );
        }
      }
    },
  };
}

/** Runs the built `otc-etl` to its end; standard input is empty unless given. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const running = await startCli(args, { input: "", ...options });
  return running.result;
}

/** The lines of an output as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A secret that tests give to commands; no output may ever show it. */
export const CANARY = "canary-c0ffee";

/** No escape sequence, no secret: holds for whatever is written to a pipe. */
export function expectPlain({ stdout, stderr }: Pick<CliResult, "stdout" | "stderr">): void {
  expect(stdout + stderr).not.toContain("\u001b");
  expect(stdout + stderr).not.toContain(CANARY);
}
