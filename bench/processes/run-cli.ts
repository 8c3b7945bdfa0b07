import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const REPORT_USAGE = new URL("report-usage.js", import.meta.url).href;

export type Environment = Readonly<Record<string, string>>;

interface CliOptions {
  readonly env?: Environment;
  /** Also tell what the process used; costs it a few milliseconds. */
  readonly usage?: boolean;
  /** For Node itself. */
  readonly nodeOptions?: readonly string[];
}

export interface CliRun {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly stdout: string;
  /** Undefined unless it was asked for. */
  readonly usage: Usage | undefined;
}

/** What a process used. */
interface Usage {
  readonly peakMemoryKib: number;
  /** How often V8 marked its whole heap. */
  readonly majorCollections: number;
}

/**
 * Runs the built command line as a user does, in a process and an empty folder of its own.
 *
 * @throws Error with what it wrote on stderr when it fails
 */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const cwd = await mkdtemp(join(tmpdir(), "otc-etl-bench-cli-"));
  const usageFile = join(cwd, "usage");
  try {
    const preload = options.usage === true ? ["--import", REPORT_USAGE] : [];
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...preload, ...(options.nodeOptions ?? []), MAIN, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], BENCH_USAGE_FILE: usageFile, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    const seconds = (performance.now() - startedAt) / 1000;
    if (code !== 0) throw new Error(`otc-etl ${args.join(" ")} ended with ${code ?? "a signal"}:\n${stderr}`);
    const usage =
      options.usage === true ? (JSON.parse(await readFile(usageFile, "utf8")) as Usage) : undefined;
    return { seconds, stdout, usage };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
