import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseScale } from "../../src/simulator/scale.ts";
import { startSimulator } from "../../src/simulator/server.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { jsonLines, runCli, temporaryFolder } from "../support/run-cli.ts";

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

describeEachDatabase(
  "the memory of a load",
  (target) => {
    test("does not grow with the document", async () => {
      const database = await target.fresh();
      const scale = parseScale("46000");
      if (scale === undefined) throw new Error("The simulator knows no such scale.");
      const simulator = await startSimulator({ scale });
      const folder = await temporaryFolder();
      const reporter = join(folder, "report-memory.mjs");
      await writeFile(reporter, REPORTER);
      const memoryFile = join(folder, "memory");
      try {
        const { code, stdout, stderr } = await runCli(["load", "tickets", "--json"], {
          env: {
            ...database.env,
            OTC_API_URL: simulator.url,
            OTC_API_USERNAME: "etl",
            OTC_API_PASSWORD: "etl",
            OTC_VIEW_TICKETS: "tickets",
            MEMORY_FILE: memoryFile,
          },
          nodeOptions: ["--max-old-space-size=96", "--import", reporter],
        });
        expect(stderr).not.toContain("heap out of memory");
        expect(code).toBe(0);
        const [outcome] = jsonLines(stdout);
        expect(outcome).toMatchObject({ fetched: 46_000, inserted: 46_000 });
        const megabytes = Number(outcome?.["payloadBytes"]) / 1e6;
        expect(megabytes).toBeGreaterThan(55);
        // Node with the drivers takes 90 MB before the first byte; a copy of the document would be another 60.
        const peak = (Number(await readFile(memoryFile, "utf8")) * 1024) / 1e6;
        expect(peak, `peak in MB for ${Math.round(megabytes)} MB`).toBeLessThan(200);
      } finally {
        await simulator.close();
      }
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
