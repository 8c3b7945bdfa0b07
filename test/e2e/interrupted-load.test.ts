import { expect, test } from "vitest";
import { expectUntouched, seed } from "../support/aftermath.ts";
import { describeEachDatabase } from "../support/each-database.ts";
import { INTERRUPTED_WITHIN_MS, loadStoppedIn, type Stage } from "../support/interrupted-load.ts";

const CASES: readonly (readonly [signal: NodeJS.Signals, code: number, stage: Stage])[] = [
  ["SIGINT", 130, "fetch"],
  ["SIGTERM", 143, "copy"],
  ["SIGINT", 130, "classify"],
  ["SIGTERM", 143, "apply"],
  ["SIGTERM", 143, "before commit"],
];

describeEachDatabase(
  "a load that is interrupted",
  (target) => {
    test.for(CASES)("by %s exits %i, in step %s, rolled back and recorded", async ([signal, code, stage]) => {
      const database = await target.fresh();
      const before = await seed(database);
      const { cli, release } = await loadStoppedIn(database, stage);
      const begun = performance.now();
      cli.process.kill(signal);
      expect(await cli.result).toMatchObject({ code });
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      await release();
      const message = new RegExp(`Interrupted by ${signal}`);
      await expectUntouched(database, before, { status: "failed", code: "interrupted", message });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);

describeEachDatabase(
  "a second signal",
  (target) => {
    test("ends a load that does not end by itself at once", async () => {
      const database = await target.fresh();
      const before = await seed(database);
      const { cli, release } = await loadStoppedIn(database, "apply");
      cli.process.kill("SIGINT");
      cli.process.kill("SIGTERM");
      const begun = performance.now();
      const { code } = await cli.result;
      expect([130, 143]).toContain(code);
      expect(performance.now() - begun).toBeLessThan(INTERRUPTED_WITHIN_MS);
      await release();
      await expectUntouched(database, before, { status: "running" });
    });
  },
  ({ name }) => name === "PostgreSQL 18",
);
