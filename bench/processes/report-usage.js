// Preloaded into the loader: writes to the file that BENCH_USAGE_FILE names the most memory it has taken, in KiB, and how
// often V8 has marked its whole heap.
// JavaScript, so that Node does not load its TypeScript support into the process that is measured.
import { readFileSync, writeFileSync } from "node:fs";
import { constants, PerformanceObserver } from "node:perf_hooks";

let majorCollections = 0;

/** @param {import("node:perf_hooks").PerformanceEntry[]} entries */
function count(entries) {
  for (const { detail } of entries) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majorCollections += 1;
  }
}

const observer = new PerformanceObserver((list) => {
  count(list.getEntries());
});
observer.observe({ entryTypes: ["gc"] });

/** Of this process alone: getrusage's maxRSS also remembers the parent's memory from before exec. */
function peakMemoryKib() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

process.on("exit", () => {
  count(observer.takeRecords());
  writeFileSync(
    process.env.BENCH_USAGE_FILE,
    JSON.stringify({ peakMemoryKib: peakMemoryKib(), majorCollections }),
  );
});
