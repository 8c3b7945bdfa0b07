// Preloaded into the loader: writes the most memory it has taken, in KiB, to the file that BENCH_MEMORY_FILE names.
// JavaScript, so that Node does not load its TypeScript support into the process that is measured.
import { readFileSync, writeFileSync } from "node:fs";

/** Of this process alone: getrusage's maxRSS also remembers the parent's memory from before exec. */
function highWaterMark() {
  try {
    return /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
  } catch {
    return String(process.resourceUsage().maxRSS);
  }
}

process.on("exit", () => {
  writeFileSync(process.env.BENCH_MEMORY_FILE, highWaterMark());
});
