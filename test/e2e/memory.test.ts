import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseScale } from "../../src/simulator/scale.ts";
import { startSimulator } from "../../src/simulator/server.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { documentOf } from "../support/load-records.ts";
import { memoryReporter } from "../support/memory-reporter.ts";
import { jsonLines, runCli, temporaryFolder } from "../support/run-cli.ts";
import { comment, many } from "../support/sample-records.ts";

describeEachDatabase(
  "the memory of a load",
  (target) => {
    test("does not grow with the document", async () => {
      const database = await target.fresh();
      const scale = parseScale("46000");
      if (scale === undefined) throw new Error("The simulator knows no such scale.");
      const simulator = await startSimulator({ scale });
      const memory = await memoryReporter();
      try {
        const { code, stdout, stderr } = await runCli(["load", "tickets", "--json"], {
          env: {
            ...database.env,
            OTC_API_URL: simulator.url,
            OTC_API_USERNAME: "etl",
            OTC_API_PASSWORD: "etl",
            OTC_VIEW_TICKETS: "tickets",
            ...memory.env,
          },
          nodeOptions: ["--max-old-space-size=96", ...memory.nodeOptions],
        });
        expect(stderr).not.toContain("heap out of memory");
        expect(code).toBe(0);
        const [outcome] = jsonLines(stdout);
        expect(outcome).toMatchObject({ fetched: 46_000, inserted: 46_000 });
        const megabytes = Number(outcome?.["payloadBytes"]) / 1e6;
        expect(megabytes).toBeGreaterThan(55);
        // Node with the drivers takes 90 MB before the first byte; a copy of the document would be another 60.
        const peak = await memory.peakMegabytes();
        expect(peak, `peak in MB for ${Math.round(megabytes)} MB`).toBeLessThan(200);
      } finally {
        await simulator.close();
      }
    });

    test("does not grow with the records that repeat a key", async () => {
      const database = await target.fresh();
      const records = many(60_000, (number) =>
        comment(number % 100, { "TKTCT-Comment": `${number} ${"x".repeat(1000)}` }),
      );
      const path = join(await temporaryFolder(), "comments.json");
      await writeFile(path, documentOf(records));
      const memory = await memoryReporter();
      const { code, stdout } = await runCli(["load", "comments", "--from", path, "--json"], {
        env: { ...database.env, ...memory.env },
        nodeOptions: ["--max-old-space-size=96", ...memory.nodeOptions],
      });
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toMatchObject([{ fetched: 60_000, inserted: 100, duplicates: 59_900 }]);
      const peak = await memory.peakMegabytes();
      expect(peak, "peak in MB for 60,000 rows that wait, 65 MB").toBeLessThan(200);
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
