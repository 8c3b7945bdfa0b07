import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * One more than there are cores, because tests wait too; with still more their timings would lie. Eight share the sixty
 * connections of a server.
 */
const MAX_WORKERS = Math.min(availableParallelism() + 1, 8);

/**
 * Each load allocates megabytes beside the heap of V8, which it answers by marking the whole heap. With room from the start
 * it does so less often.
 */
const ROOMY_HEAP = ["--initial-heap-size=1000"];

/**
 * How long a test and a hook may take, in milliseconds. No test is about this limit. It only ends what hangs, and a machine
 * with other work takes many times as long as a quiet one.
 */
const PATIENCE = { testTimeout: 180_000, hookTimeout: 180_000 };

/** What starts real servers; see there how both projects share them. */
const SERVERS = "test/support/global-setup.ts";

export default defineConfig({
  test: {
    // Files of a worker share its modules, and PGlite's WebAssembly, which is compiled once. No test replaces a module.
    isolate: false,
    // What a test polls for takes as long as a busy machine needs.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      // Vitest would leave one core to itself, which is every second one of a machine with two.
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          ...PATIENCE,
          maxWorkers: MAX_WORKERS,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: [SERVERS],
          execArgv: ROOMY_HEAP,
          ...PATIENCE,
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: [SERVERS],
          ...PATIENCE,
          maxWorkers: MAX_WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text", "html"],
      thresholds: { lines: 85, branches: 80 },
    },
  },
});
