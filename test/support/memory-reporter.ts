import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./run-cli.ts";

/**
 * Writes the peak of the process's resident memory, in KiB, to the file MEMORY_FILE names. On Linux maxRSS also remembers
 * the process that started this one, so the kernel's own mark is read where there is one.
 */
const REPORTER = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
const status = "/proc/self/status";
const peak = () =>
  existsSync(status) ? /VmHWM:\\s*(\\d+)/.exec(readFileSync(status, "utf8"))[1] : String(process.resourceUsage().maxRSS);
process.on("exit", () => writeFileSync(process.env.MEMORY_FILE, peak()));
`;

/** What makes a command tell how much memory it took. */
interface MemoryReporter {
  readonly env: Readonly<Record<string, string>>;
  readonly nodeOptions: readonly string[];
  /** The most that was resident, in millions of bytes, once the command has ended. */
  peakMegabytes(): Promise<number>;
}

export async function memoryReporter(): Promise<MemoryReporter> {
  const folder = await temporaryFolder();
  const reporter = join(folder, "report-memory.mjs");
  await writeFile(reporter, REPORTER);
  const file = join(folder, "memory");
  return {
    env: { MEMORY_FILE: file },
    nodeOptions: ["--import", reporter],
    peakMegabytes: async () => (Number(await readFile(file, "utf8")) * 1024) / 1e6,
  };
}
