import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export type Environment = Readonly<Record<string, string>>;

/** So much of the end of an output is kept: a worker writes for hours. */
const KEPT_CHARACTERS = 20_000;

/** Bytes of a page of memory, as Linux counts them in /proc on the platforms that have binaries of PostgreSQL. */
const PAGE_BYTES = 4096;

/** Where `rss` is in /proc/PID/stat behind the name of the program, which may contain spaces. */
const RESIDENT_PAGES = 21;

/** How a command ended, as a shell sees it; undefined when a signal ended it. */
export interface CommandEnd {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built `otc-etl` as a process of its own, in an empty folder. */
export class Command {
  readonly result: Promise<CommandEnd>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  #hasEnded = false;

  constructor(args: readonly string[], env: Environment) {
    const cwd = mkdtempSync(join(tmpdir(), "otc-etl-soak-"));
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-KEPT_CHARACTERS);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_CHARACTERS);
    });
    this.#child = child;
    this.result = this.#end(cwd);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The end of what it has written to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: "SIGKILL" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** The memory that it has in use, in bytes; undefined where the system does not say, and after its end. */
  async memoryBytes(): Promise<number | undefined> {
    try {
      const stat = await readFile(`/proc/${this.#child.pid ?? 0}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[RESIDENT_PAGES]) * PAGE_BYTES;
    } catch {
      return undefined;
    }
  }

  async #end(cwd: string): Promise<CommandEnd> {
    const [code] = (await once(this.#child, "close")) as [number | null];
    this.#hasEnded = true;
    await rm(cwd, { recursive: true, force: true });
    return { code: code ?? undefined, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Runs a command to its end. @throws Error with what it wrote if it fails */
export async function runCommand(args: readonly string[], env: Environment): Promise<string> {
  const { code, stdout, stderr } = await new Command(args, env).result;
  if (code !== 0) throw new Error(`otc-etl ${args.join(" ")} ended with ${code ?? "a signal"}:\n${stderr}`);
  return stdout;
}
