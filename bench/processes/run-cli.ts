import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const REPORT_MEMORY = new URL("report-memory.js", import.meta.url).href;

export type Environment = Readonly<Record<string, string>>;

interface CliOptions {
  readonly env?: Environment;
  /** Also tell the peak memory; costs the process a few milliseconds. */
  readonly memory?: boolean;
  /** For Node itself. */
  readonly nodeOptions?: readonly string[];
}

export interface CliRun {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly stdout: string;
  /** Undefined unless it was asked for. */
  readonly peakMemoryBytes: number | undefined;
}

/**
 * Runs the built command line as a user does, in a process and an empty folder of its own.
 *
 * @throws Error with what it wrote on stderr when it fails
 */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const cwd = await mkdtemp(join(tmpdir(), "otc-etl-bench-cli-"));
  const memoryFile = join(cwd, "memory");
  try {
    const preload = options.memory === true ? ["--import", REPORT_MEMORY] : [];
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...preload, ...(options.nodeOptions ?? []), MAIN, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], BENCH_MEMORY_FILE: memoryFile, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    const seconds = (performance.now() - startedAt) / 1000;
    if (code !== 0) throw new Error(`otc-etl ${args.join(" ")} ended with ${code ?? "a signal"}:\n${stderr}`);
    const kibibytes = options.memory === true ? Number(await readFile(memoryFile, "utf8")) : undefined;
    return { seconds, stdout, peakMemoryBytes: kibibytes === undefined ? undefined : kibibytes * 1024 };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
